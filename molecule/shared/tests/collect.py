"""Print, as JSON, what the tests want to know of a host: one command instead of one per assertion."""

import json
import os
import pwd
import stat
import subprocess
import sys
from pathlib import Path

PATHS = (
    "/etc/ssh/sshd_config.d/00-slipway.conf",
    "/etc/sudoers.d/slipway",
    "/etc/slipway/firewall.nft",
    "/etc/docker/daemon.json",
    "/etc/nginx/nginx.conf",
    "/etc/slipway/edge.json",
    "/etc/slipway/acme-ca.pem",
    "/var/log/nginx/edge.json.log",
)
UNITS = (
    *("ssh", "slipway-firewall", "docker", "nginx", "certbot.timer", "logrotate.timer", "nftables"),
    *("apt-daily.timer", "apt-daily-upgrade.timer", "slipway-reboot.timer"),
)


def output(*argv: str) -> str:
    """Return what a command prints; empty where it fails."""
    return subprocess.run(argv, capture_output=True, text=True, check=False).stdout.strip()


def place(path: str) -> dict[str, str]:
    """Return mode and owner of a path."""
    status = os.stat(path)  # noqa: PTH116 - the words of stat
    return {"mode": f"{stat.S_IMODE(status.st_mode):04o}", "owner": pwd.getpwuid(status.st_uid).pw_name}


facts = {
    "paths": {path: place(path) for path in PATHS if Path(path).exists()},
    "active": {unit: output("systemctl", "is-active", unit) for unit in UNITS},
    "enabled": {unit: output("systemctl", "is-enabled", unit) for unit in UNITS},
    "failed": output("systemctl", "list-units", "--failed", "--no-legend", "--plain"),
    "sshd": dict(line.split(" ", 1) for line in output("sshd", "-T").splitlines() if " " in line),
    "rules": json.loads(output("nft", "--json", "list", "table", "inet", "slipway") or "{}"),
    "docker": json.loads(output("docker", "info", "--format", "json") or "{}"),
    "held": output("apt-mark", "showhold").split(),
    "apt": output("apt-config", "dump"),
    "reboot": json.loads(output("slipway", "reboot", "--check", "--json") or "{}"),
    "docker_group": output("getent", "group", "docker").rpartition(":")[2],
    "deploy_sudo": output("sudo", "-l", "-U", "deploy"),
    "keys": {path.name: path.read_text() for path in Path("/etc/ssh/authorized_keys.d").glob("*")},
    "guards": [path.parent.name for path in Path("/var/lib/slipway/guard").glob("*/undo.json")],
}
json.dump(facts, sys.stdout)
