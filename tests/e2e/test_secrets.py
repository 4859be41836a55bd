"""Secrets from the real ansible-vault and from commands: asked for on this machine, handed to a host, seen nowhere else."""

import contextlib
import json
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml

from slipway import lab

from .demo_site import ROOT, Site

BIN = ROOT / ".venv/bin"
PASSWORD_FILE = "vault-password"
SEALED = "sealed-3f9a"
INLINE = "inline-77c2"
PRINTED = "printed-b1d0"
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f ann"
EXACT = f"{SEALED} a'b\"c $HOME ${{X}} {{{{ 1 + 1 }}}} é\nsecond {SEALED}\n"
COMPOSE = """
name: shop
services:
  web:
    image: acme/web:1.0.0
    environment: [SEALED, INLINE, PRINTED]
    healthcheck: {test: [CMD, "true"]}
    deploy: {resources: {limits: {memory: 64m}}}
"""


class Repository:
    """A repository of a user's own, with this one's doors and a vault sealed by the real ansible-vault."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "slipway").symlink_to(ROOT / "slipway")
        for name in ("plugins", "playbooks"):  # copies: doors find their repository by their own place
            shutil.copytree(ROOT / name, root / name)
        for name in ("fabfile.py", "ansible.cfg"):
            shutil.copy(ROOT / name, root)
        self.words = root / "inventory/test/group_vars/all"
        self.words.mkdir(parents=True)
        (root / "inventory/test/hosts.yml").write_text("all: {hosts: {one: {ansible_host: 192.0.2.1}}}\n")
        (root / "compose/shop").mkdir(parents=True)
        (root / "compose/shop/compose.yml").write_text(COMPOSE)
        (root / PASSWORD_FILE).write_text("right\n")
        (root / "shop.env").write_text(f"PRINTED='{PRINTED}'\n")
        self.sources(["sh", "-c", '. ./shop.env; printf %s "$PRINTED"'])

    def sources(self, command: list[str]) -> None:
        secrets = {"SEALED": "vault", "INLINE": "vault", "PRINTED": {"command": command}}
        words = {"stacks": {"shop": {"compose": "shop", "secrets": secrets}}, "admins": {"ann": {"keys": [KEY]}}}
        (self.words / "stacks.yml").write_text(yaml.safe_dump(words))

    def whole_vault(self, **values: object) -> None:
        (self.words / "vault.yml").write_text(yaml.safe_dump({"vault": {"shop": values}}, allow_unicode=True))
        self.done("ansible-vault", "encrypt", "--vault-password-file", PASSWORD_FILE, str(self.words / "vault.yml"))

    def inline_vault(self, **values: str) -> None:
        lines = ["vault:", "  shop:"]
        for name, value in values.items():
            argv = ("ansible-vault", "encrypt_string", "--vault-password-file", PASSWORD_FILE, "--stdin-name", name)
            lines += [f"    {line}" for line in self.done(*argv, input=value).splitlines()]
        (self.words / "vault.yml").write_text("\n".join(lines) + "\n")

    def done(self, *argv: str, input: str = "") -> str:
        run = self.run(*argv, input=input)
        assert run.returncode == 0, run.stdout + run.stderr
        return run.stdout

    def run(self, *argv: str, input: str = "", password: str = PASSWORD_FILE) -> "subprocess.CompletedProcess[str]":
        kept = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
        environment = {**kept, "LC_ALL": "C.UTF-8", "ANSIBLE_NOCOLOR": "1", "HOME": str(self.root)}
        if password and argv[0] != "ansible-vault":
            environment["ANSIBLE_VAULT_PASSWORD_FILE"] = str(self.root / password)
        program = str(BIN / argv[0])
        done = subprocess.run(
            [program, *argv[1:]],
            cwd=self.root,
            env=environment,
            input=input,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert "Traceback" not in done.stdout + done.stderr
        assert not [secret for secret in (SEALED, INLINE, PRINTED) if secret in done.stdout + done.stderr]
        return done

    def check(self, *options: str, password: str = PASSWORD_FILE) -> "subprocess.CompletedProcess[str]":
        return self.run("fab", "check", "--secrets", *options, password=password)

    def play(self, *options: str) -> "subprocess.CompletedProcess[str]":
        return self.run("ansible-playbook", "-vvv", "-i", "inventory/test", "playbooks/check-stacks.yml", *options)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


def states(said: str) -> dict[str, str]:
    """Return secret -> state from the table for people."""
    rows = [line.split() for line in said.splitlines() if line.strip().startswith("shop.")]
    return {row[0]: row[-1] for row in rows}


ALL = ("shop.SEALED", "shop.INLINE", "shop.PRINTED")


def test_each_source_answers_and_no_value_is_shown(repository: Repository) -> None:
    repository.whole_vault(SEALED=EXACT, INLINE=INLINE)
    said = repository.check()
    assert said.returncode == 0, said.stdout + said.stderr
    assert states(said.stdout) == dict.fromkeys(ALL, "ok")
    answer = json.loads(repository.check("--json").stdout)
    assert {"stack": "shop", "name": "PRINTED", "source": "sh", "ok": True} in answer[0]["secrets"]


def test_a_vault_with_a_sealed_value_for_each_name_is_opened_too(repository: Repository) -> None:
    repository.inline_vault(SEALED=EXACT, INLINE=INLINE)
    assert states(repository.check().stdout) == dict.fromkeys(ALL, "ok")
    played = repository.play()
    assert played.returncode == 0, played.stdout


def test_the_vaults_of_several_environments_are_opened_in_one_check(repository: Repository) -> None:
    repository.inline_vault(SEALED=EXACT, INLINE=INLINE)
    shutil.copytree(repository.root / "inventory/test", repository.root / "inventory/second")
    said = repository.check("--json")
    assert said.returncode == 0, said.stdout + said.stderr
    assert [all(one["ok"] for one in entry["secrets"]) for entry in json.loads(said.stdout)] == [True, True]


@pytest.mark.parametrize("seal", ["whole_vault", "inline_vault"])
def test_sealed_values_come_out_exactly_as_they_went_in(repository: Repository, seal: str) -> None:
    getattr(repository, seal)(SEALED=EXACT, INLINE=INLINE)
    program = (
        "import json, pathlib; from slipway import vault; root = pathlib.Path.cwd();"
        " values = vault.read(root / 'inventory/test/group_vars/all/vault.yml', root / 'ansible.cfg');"
        " (root / 'values.json').write_text(json.dumps(values))"
    )
    repository.done("python", "-c", program)
    assert json.loads((repository.root / "values.json").read_text())["shop"] == {"SEALED": EXACT, "INLINE": INLINE}


@pytest.mark.parametrize(("seal", "password"), [("whole_vault", "wrong"), ("inline_vault", "wrong"), ("whole_vault", "")])
def test_a_vault_that_cannot_be_opened_is_said_with_the_next_step(repository: Repository, seal: str, password: str) -> None:
    getattr(repository, seal)(SEALED=EXACT, INLINE=INLINE)
    (repository.root / "wrong").write_text("wrong\n")
    said = repository.check(password=password)
    assert said.returncode == 2
    assert "stacks.shop.secrets.SEALED: cannot be opened: no password at hand fits; name the vault's password file" in said.stdout
    assert states(said.stdout) == {"shop.SEALED": "missing", "shop.INLINE": "missing", "shop.PRINTED": "ok"}


def test_a_vault_that_is_no_yaml_quotes_no_line_of_it(repository: Repository) -> None:
    (repository.words / "vault.yml").write_text(f"vault:\n  shop:\n    SEALED: {SEALED}\n   INLINE: [{INLINE}\n")
    repository.done("ansible-vault", "encrypt", "--vault-password-file", PASSWORD_FILE, str(repository.words / "vault.yml"))
    said = repository.check()
    assert said.returncode == 2
    assert "cannot be read: vault.yml is not YAML once it is opened" in said.stdout


def test_all_that_is_missing_is_refused_by_the_first_play_before_any_host_is_touched(repository: Repository) -> None:
    repository.whole_vault(SEALED="", INILNE=INLINE)
    repository.sources(["sh", "-c", f"echo {PRINTED}; echo {PRINTED} >&2; exit 9"])
    for said in (repository.check(), repository.play()):
        assert said.returncode == 2
        for name, what in (
            ("SEALED", "is empty; give it a value"),
            ("INLINE", "is missing in vault.yml; did you mean `INILNE`?"),
            ("PRINTED", "`sh` ended with 9; run the command by hand"),
        ):
            assert f"stacks.shop.secrets.{name}: {what}" in said.stdout
        assert said.stdout.count("inventory/test/group_vars/all/stacks.yml:") >= 3
        assert "3 faults; no host was touched" in said.stdout


def test_a_run_that_hands_over_no_stack_asks_for_no_secret(repository: Repository) -> None:
    repository.whole_vault(SEALED=EXACT, INLINE=INLINE)
    repository.sources(["no-such-program"])
    assert repository.play("--tags", "users").returncode == 0
    said = repository.play("--tags", "stack")
    assert said.returncode == 2
    assert "`no-such-program` is not installed: it is not on the PATH; install it on this machine" in said.stdout


SAMPLER = """
import glob, json, select, sys
patterns = {name: value.encode() for name, value in json.loads(sys.stdin.readline()).items()}
rounds, seen = 0, set()
print("watching", flush=True)
while not select.select([sys.stdin], [], [], 0.02)[0]:
    rounds += 1
    for path in glob.glob("/proc/[0-9]*/cmdline"):
        try:
            said = open(path, "rb").read()
        except OSError:
            continue
        seen |= {(name, said.split(b"\\0")[0].decode(errors="replace")) for name, value in patterns.items() if value in said}
print(json.dumps([rounds, sorted(seen)]))
"""
PATTERNS = "/run/planted"
MARKER = "seen-by-the-watcher-5d1e"
PLACES = "/var/lib/slipway /var/log /etc/nginx /etc/systemd /usr/local /run/systemd /tmp /var/tmp /root /home"


@dataclass(slots=True)
class Seen:
    """What was found in the arguments of processes: names of patterns with the program, and how often was looked."""

    rounds: int = 0
    found: set[tuple[str, str]] = field(default_factory=set)


@contextlib.contextmanager
def watched(prefix: Sequence[str], patterns: dict[str, str]) -> Iterator[Seen]:
    """Look for patterns in the arguments of all processes for as long as the block runs; patterns go in by stdin."""
    python = "python3" if prefix else sys.executable
    watcher = subprocess.Popen(
        [*prefix, python, "-c", SAMPLER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert watcher.stdin
    assert watcher.stdout
    watcher.stdin.write(json.dumps(patterns) + "\n")
    watcher.stdin.flush()
    assert watcher.stdout.readline() == "watching\n"
    seen = Seen()
    try:
        yield seen
    finally:
        said, errors = watcher.communicate("stop\n", timeout=30)
        assert watcher.returncode == 0, errors
        seen.rounds, found = json.loads(said)
        seen.found = {(name, program) for name, program in found}


def planted(site: Site, folder: Path, value: str) -> tuple[Site, dict[str, str]]:
    """Return the site with SECRET_KEY in a vault of its own, and the environment that opens it."""
    changed = site.varied(folder, {"stacks.demo.secrets.SECRET_KEY": "vault"})
    vault, password = changed.inventory / "group_vars/all/vault.yml", folder / PASSWORD_FILE
    password.write_text("right\n")
    vault.write_text(yaml.safe_dump({"vault": {"demo": {"SECRET_KEY": value}}}, allow_unicode=True))
    seal = [str(BIN / "ansible-vault"), "encrypt", "--vault-password-file", str(password), str(vault)]
    subprocess.run(seal, check=True, capture_output=True)
    return changed, {"ANSIBLE_VAULT_PASSWORD_FILE": str(password)}


def searched(site: Site, command: str, words: Iterable[str]) -> str:
    """Return what a search on the host prints; the words go there by standard input and wait in PATTERNS."""
    program = f"umask 077; cat >{PATTERNS}; {command}; rm {PATTERNS}"
    argv = ["docker", "exec", "-i", site.host.container, "sh", "-c", program]
    text = "".join(f"{word}\n" for word in words)
    return subprocess.run(argv, input=text, capture_output=True, text=True, check=True, timeout=300).stdout.strip()


@pytest.mark.feature("F18")
def test_planted_values_reach_the_container_exactly_and_show_up_nowhere_else(baseline: Site, tmp_path: Path) -> None:
    token, second = secrets.token_hex(12), secrets.token_hex(12)
    value = f"{token} a'b\"c $HOME ${{X}} $$ {{{{ 1 + 1 }}}} `id` \\n é✓\n\tsecond line: {second}\n"
    kept = {name: (lab.folder() / "secrets" / name).read_text().strip() for name in ("DB_PASSWORD", "S3_SECRET")}
    tokens = {"SECRET_KEY": token, "SECRET_KEY, second line": second, **kept}
    site, environment = planted(baseline, tmp_path, value)

    inside = ["docker", "exec", "-i", site.host.container]
    patterns = {**tokens, "marker": MARKER}
    with watched([], patterns) as here, watched(inside, patterns) as there:
        run = site.playbook("-vvv", "--diff", environment=environment).done()
        site.shell(f": {MARKER}; sleep 0.5; true")
    assert run.changed
    for seen in (here, there):
        assert seen.rounds > 100
        assert "marker" in {name for name, _ in seen.found}, "the watcher sees what stands in arguments"
        assert {name for name, _ in seen.found} == {"marker"}
    assert not [name for name, word in tokens.items() if word in run.output]

    assert serving_value(site, "SECRET_KEY") == value
    words = tokens.values()
    # What Docker hands to a health check while it starts is root's and gone at once.
    assert searched(site, f"grep -rlF -f {PATTERNS} --exclude='runc-process*' {PLACES}", words) == ""
    assert searched(site, f"journalctl --no-pager -o json | grep -cF -f {PATTERNS}", words) == "0"
    shown = "{{json .Name}} {{json .Config.Labels}} {{json .Config.Cmd}} {{json .Args}} {{json .Config.Healthcheck}}"
    assert searched(site, f"docker inspect --format '{shown}' $(docker ps -aq) | grep -cF -f {PATTERNS}", words) == "0"
    inspected = searched(site, f"docker inspect $(docker ps -aq) | grep -cF -f {PATTERNS}", words)
    assert int(inspected) > 0, "what stands in `environment:` is found: the search works"

    again = site.playbook("-vvv", "--check", "--diff", environment=environment).done()
    assert again.changed == 0
    assert not [name for name, word in tokens.items() if word in again.output]


def serving_value(site: Site, name: str) -> str:
    """Return a variable of the process in a container of the release that serves, byte for byte."""
    container = next(one for one in site.containers() if one.startswith(f"demo-r{site.serving()['current']}-api-"))
    process = site.shell(f"docker inspect --format '{{{{.State.Pid}}}}' {container}").strip()
    pairs = dict(pair.partition("=")[::2] for pair in site.shell(f"cat /proc/{process}/environ").split("\0"))
    return pairs[name]


def test_a_secret_without_a_value_is_refused_before_the_host_is_touched(baseline: Site, tmp_path: Path) -> None:
    before = baseline.serving()["current"]
    sources = {
        "SECRET_KEY": ["no-such-program", "get"],
        "S3_SECRET": ["sh", "-c", "echo hunter2; exit 5"],
        "DB_PASSWORD": ["true"],
    }
    edits = {f"stacks.demo.secrets.{name}": {"command": command} for name, command in sources.items()}
    run = baseline.varied(tmp_path, edits).playbook("-vvv")
    assert run.code != 0
    assert "3 faults; no host was touched" in run.output
    for name, what in (
        ("SECRET_KEY", "`no-such-program` is not installed"),
        ("S3_SECRET", "`sh` ended with 5"),
        ("DB_PASSWORD", "is empty"),
    ):
        assert f"stacks.demo.secrets.{name}: {what}" in run.output
    assert "TASK [Enter the host" not in run.output
    assert baseline.serving()["current"] == before
