"""OpenSSH to the hosts of an inventory: over Ansible's control sockets, with its keys and known hosts.

Host keys are always checked by OpenSSH's own rules; nothing here can turn that off.
"""

import configparser
import hashlib
import os
import shlex
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from .hosts import Host

SOCKETS = Path("~/.ansible/cp").expanduser()
LOST = 255  # OpenSSH's own failures; everything else is the remote command's exit code


@dataclass(frozen=True, slots=True)
class Settings:
    """What `ansible.cfg` says about SSH, so that both sides open and find the same sockets."""

    arguments: tuple[str, ...] = ()
    sockets: Path = SOCKETS
    connect_seconds: int = 10


@dataclass(frozen=True, slots=True)
class Answer:
    """How a command on a host ended."""

    code: int
    output: str
    errors: str

    @property
    def reached(self) -> bool:
        """Say whether the command ran on the host at all."""
        return self.code != LOST


def read_settings(configuration: Path) -> Settings:
    """Return the SSH settings of an `ansible.cfg`, Ansible's own where it is silent."""
    parser = configparser.RawConfigParser()
    parser.read(configuration, encoding="utf-8")
    arguments = parser.get("ssh_connection", "ssh_args", fallback="-o ControlMaster=auto -o ControlPersist=60s")
    folder = parser.get("ssh_connection", "control_path_dir", fallback=str(SOCKETS))
    seconds = parser.getint("defaults", "timeout", fallback=10)
    return Settings(tuple(shlex.split(arguments)), Path(folder).expanduser(), seconds)


def socket_path(host: Host, settings: Settings) -> Path:
    """Return the control socket that ansible-core uses for this host: a hash of address, port and user."""
    key = f"{host.address}-{host.port}-{host.user or None}"
    return settings.sockets / hashlib.sha1(key.encode(), usedforsecurity=False).hexdigest()[:10]


def argv(host: Host, settings: Settings, command: Sequence[str] = (), options: Sequence[str] = ()) -> list[str]:
    """Return the whole `ssh` command line; the remote shell sees `command` word by word, as given."""
    words = ["ssh", *settings.arguments, *options]
    words += ["-o", f"Port={host.port}"] if host.port else []
    words += ["-o", f"IdentityFile={_quoted(Path(host.key_file).expanduser())}"] if host.key_file else []
    words += ["-o", f"User={host.user}"] if host.user else []
    words += ["-o", f"ConnectTimeout={settings.connect_seconds}", *shlex.split(host.arguments)]
    words += ["-o", f"ControlPath={_quoted(socket_path(host, settings))}", host.address]
    return [*words, shlex.join(command)] if command else words


def ask(host: Host, settings: Settings, command: Sequence[str], limit_seconds: float = 60) -> Answer:
    """Run a command on a host, never asking a person, and return its answer."""
    settings.sockets.mkdir(mode=0o700, parents=True, exist_ok=True)
    # A file, not a pipe: the control master that ssh leaves behind holds its stderr open for as long as it lives.
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as errors:
        try:
            run = subprocess.run(
                argv(host, settings, command, ("-o", "BatchMode=yes")),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                timeout=limit_seconds,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Answer(LOST, "", f"no answer within {limit_seconds:.0f} seconds: connection timed out")
        errors.seek(0)
        return Answer(run.returncode, run.stdout.decode(errors="replace"), errors.read())


def converse(host: Host, settings: Settings, command: Sequence[str], said: bytes, hear: Callable[[str], None]) -> Answer:
    """Run a command that reads `said` from its standard input; hand each line of its output on as it comes.

    There is no limit: the host says what it waits for. Ctrl-C ends this side only.
    """
    settings.sockets.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as errors,
        subprocess.Popen(
            argv(host, settings, command, ("-o", "BatchMode=yes")),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=True,  # so that Ctrl-C leaves ssh, and the message of this program comes last
        ) as process,
    ):
        try:
            lines = list(_lines(process, said, hear))
        except BaseException:
            process.kill()
            raise
        code = process.wait()
        errors.seek(0)
        return Answer(code, "\n".join(lines), errors.read())


def _lines(process: "subprocess.Popen[bytes]", said: bytes, hear: Callable[[str], None]) -> Iterator[str]:
    assert process.stdin  # noqa: S101 - asked for above
    assert process.stdout  # noqa: S101 - asked for above
    with suppress(BrokenPipeError), process.stdin as writer:  # a host that does not answer reads nothing
        writer.write(said)
    for line in process.stdout:
        text = line.decode(errors="replace").rstrip("\n")
        hear(text)
        yield text


def become(host: Host, settings: Settings, command: Sequence[str], options: Sequence[str] = ()) -> NoReturn:
    """Replace this program by ssh, so that terminal, signals and exit code are ssh's own."""
    settings.sockets.mkdir(mode=0o700, parents=True, exist_ok=True)
    words = argv(host, settings, command, options)
    os.execvp(words[0], words)  # noqa: S606 - an argv list, no shell


def _quoted(path: Path) -> str:
    """Return a path as ssh_config wants it: blanks need quotes, and a percent sign would start a token."""
    return '"' + str(path).replace("%", "%%") + '"'
