"""The logs of a stack's services, from the host that runs it."""

from collections.abc import Sequence

from ..errors import HostError, SlipwayError
from .hosts import Host
from .silence import told
from .ssh import Answer
from .status import Ask, Report, ask_all
from .suggest import did_you_mean


class StackUnknown(SlipwayError):
    """No host runs a stack of this name."""

    exit_code = 2


def command(stack: str, service: str, tail: int, since: str, following: Sequence[str], grep: str = "") -> list[str]:
    """Return the host's own command for a stack's logs; `following` is `--follow` or nothing."""
    words = ["sudo", "-n", "/usr/local/sbin/slipway", "logs", stack, "--tail", str(tail)]
    words += ["--service", service] if service else []
    words += ["--since", since] if since else []
    words += [f"--grep={grep}"] if grep else []
    return [*words, *following]


def hosts_of(stack: str, hosts: Sequence[Host], ask: Ask) -> list[Host]:
    """Return the hosts that run a stack; without one, say which stacks there are."""
    reports = ask_all(hosts, ask)
    found = [report.host for report in reports if stack in _names(report)]
    if found:
        return found
    silent = {f"{report.host.name}: {report.silence.cause}": report.silence.next_step for report in reports if report.silence}
    if silent:
        raise HostError("\n".join(silent), next(iter(silent.values())))
    names = sorted({name for report in reports for name in _names(report)})
    known = f"stacks that run: {', '.join(names)}" if names else "no stack runs yet: run site.yml"
    raise StackUnknown(f"no host runs a stack {stack!r}{did_you_mean(stack, names)}", known)


def asserted(host: Host, answer: Answer) -> str:
    """Return a host's log text; a failure becomes an error with its cause."""
    if answer.code != 0:
        told(host, answer)
    return answer.output


def _names(report: Report) -> list[str]:
    return [str(stack["name"]) for stack in report.stacks]
