"""What sixty files of configuration cost: by Ansible's own tasks, by `host_files`, by pyinfra; written, and found right."""

import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import yaml

from slipway.lab import HOSTS, folder

from .cost import Unmeasurable, whole_cost
from .lab_hosts import play
from .registry import BUILD, ROOT, entry
from .runner import Cost, Pair

HOST = HOSTS["demo"]
LAB = ROOT / "inventory/lab"
PLACE = BUILD / "sixty"
TEMPLATES, FILES = 40, 20
TEMPLATE = (
    "# file {number} of a service\n{{% for port in ports %}}\nlisten {{{{ port }}}};\n{{% endfor %}}\ntitle {{{{ title }}}};\n"
)
TEXT = "# file {number}\n" + "key = value\n" * 40
VARIABLES = {"ports": [8000, 8001, 8002], "title": "bench"}
NOTE = "lab host `demo`, as its admin with sudo; 40 templates and 20 plain files; Ansible goes over a connection that is open"
PYINFRA = """\
from pyinfra.operations import files
for number in range({templates}):
    files.template(src=f"templates/{{number}}.j2", dest=f"/etc/bench-pyinfra/{{number}}.conf", _sudo=True, {variables})
for number in range({files}):
    files.put(src=f"files/{{number}}.txt", dest=f"/etc/bench-pyinfra/{{number}}.txt", _sudo=True)
"""


@entry("60 files written", "`template` and `copy`", "s", runs=1)
def written_beside_plain_tasks() -> Pair:
    """Compare the writing of a configuration with Ansible's own modules, a task for each kind and a loop over its files."""
    return Pair(_anew("host-files", _host_files), _anew("plain", _plain), NOTE, _forget)


@entry("60 files found right", "`template` and `copy`", "s", runs=1)
def found_right_beside_plain_tasks() -> Pair:
    """Compare a run with nothing to write."""
    return Pair(_host_files, _plain, NOTE, _forget)


@entry("60 files written", "pyinfra", "s", runs=3)
def written_beside_pyinfra() -> Pair:
    """Compare the writing of a configuration with a tool that is known to be quick."""
    _pyinfra_installed()
    return Pair(_anew("host-files", _host_files), _anew("pyinfra", _pyinfra), NOTE, _forget)


@entry("60 files found right", "pyinfra", "s", runs=3)
def found_right_beside_pyinfra() -> Pair:
    """Compare a run with nothing to write."""
    _pyinfra_installed()
    return Pair(_host_files, _pyinfra, NOTE, _forget)


def _anew(name: str, measure: Callable[[], Cost]) -> Callable[[], Cost]:
    def measured() -> Cost:
        _in_host("rm", "-rf", f"/etc/bench-{name}")
        return measure()

    return measured


def _forget() -> None:
    for name in ("host-files", "plain", "pyinfra"):
        _in_host("rm", "-rf", f"/etc/bench-{name}")


def _in_host(*argv: str) -> None:
    done = subprocess.run(["docker", "exec", HOST.container, *argv], capture_output=True, text=True, check=False)
    if done.returncode:
        raise Unmeasurable(f"{HOST.name} does not answer: {done.stderr.strip()}\n  next: make demo")


def _host_files() -> Cost:
    entries = [{"dest": f"/etc/bench-host-files/{number}.conf", "src": f"{number}.j2"} for number in range(TEMPLATES)]
    entries.append({"dest": "/etc/bench-host-files", "src": str(_written() / "files")})
    return _played("host-files", [{"name": "Write them", "host_files": {"files": entries}}])


def _plain() -> Cost:
    place = "/etc/bench-plain"
    tasks = [
        {"name": "Have the folder", "ansible.builtin.file": {"path": place, "state": "directory", "mode": "0755"}},
        {
            "name": "Write templates",
            "ansible.builtin.template": {"src": "{{ item }}.j2", "dest": f"{place}/{{{{ item }}}}.conf", "mode": "0644"},
            "loop": list(range(TEMPLATES)),
        },
        {
            "name": "Write files",
            "ansible.builtin.copy": {"src": "{{ item }}.txt", "dest": f"{place}/{{{{ item }}}}.txt", "mode": "0644"},
            "loop": list(range(FILES)),
        },
    ]
    return _played("plain", tasks)


def _played(name: str, tasks: Sequence[object]) -> Cost:
    book = _written() / f"{name}.yml"
    whole = [{"name": name, "hosts": "all", "gather_facts": False, "become": True, "vars": VARIABLES, "tasks": tasks}]
    book.write_text(yaml.safe_dump(whole, sort_keys=False), encoding="utf-8")
    return play(LAB, str(book), HOST.container)


def _pyinfra() -> Cost:
    words = [str(_pyinfra_installed() / "bin/pyinfra"), "-y", "inventory.py", "deploy.py"]
    return whole_cost(words, _written(), HOST.container)


@cache
def _written() -> Path:
    """Write what all three bring over; return its folder."""
    for kind, end, count, text in (("templates", "j2", TEMPLATES, TEMPLATE), ("files", "txt", FILES, TEXT)):
        place = PLACE / kind
        place.mkdir(parents=True, exist_ok=True)
        for number in range(count):
            (place / f"{number}.{end}").write_text(text.format(number=number), encoding="utf-8")
    state = folder()
    data = {
        "ssh_hostname": "127.0.0.1",
        "ssh_port": HOST.ssh_port,
        "ssh_user": "ops",
        "ssh_key": str(state / "id_ed25519"),
        "ssh_known_hosts_file": str(state / "known_hosts"),
    }
    (PLACE / "inventory.py").write_text(f"hosts = [({HOST.name!r}, {data!r})]\n", encoding="utf-8")
    variables = ", ".join(f"{name}={value!r}" for name, value in VARIABLES.items())
    deploy = PYINFRA.format(templates=TEMPLATES, files=FILES, variables=variables)
    (PLACE / "deploy.py").write_text(deploy, encoding="utf-8")
    return PLACE


@cache
def _pyinfra_installed() -> Path:
    """Return an environment of its own with pyinfra, made once; the project itself does not need it."""
    place = BUILD / "pyinfra"
    if not (place / "bin/pyinfra").exists():
        for argv in ([sys.executable, "-m", "venv", str(place)], [str(place / "bin/pip"), "install", "-q", "pyinfra==3.10.0"]):
            done = subprocess.run(argv, capture_output=True, text=True, check=False)
            if done.returncode:
                raise Unmeasurable(f"pyinfra cannot be installed: {done.stderr.strip()[-800:]}")
    return place
