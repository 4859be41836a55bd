"""An `ansible-playbook` run as a person wants to watch it: a line per task, a sign of life when one is long, all in a log.

It reads what Ansible prints for people because Ansible streams nothing else without an add-on; only titles and verdicts
matter here, and the whole text is kept.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

HEARTBEAT_SECONDS = 10.0
TITLE = re.compile(r"^(PLAY|TASK|RUNNING HANDLER|PLAY RECAP)(?: \[(.*)\])? \*+$")
VERDICT = re.compile(r"^(ok|changed|skipping|fatal|failed|unreachable|included|rescued): (?:\[([^\]\s]+)|(\S+))")
ROLE = re.compile(r"^\S+ : (?=.* \| )")  # `docker : Docker | Install …` names its role twice
UNSEEN = "Validating arguments against arg spec"
RECAP = re.compile(r"^(\S+)\s+: (ok=.*)$")
CHANGES = re.compile(r"\bchanged=(\d+)")
LOUD = ("fatal", "failed", "unreachable")


@dataclass(slots=True)
class View:
    """Turns Ansible's output into short lines, with seconds since the start."""

    say: Callable[[str], None]
    clock: Callable[[], float]
    changes: int = 0
    failed: bool = False
    _begun: float = field(init=False)
    _spoke: float = field(init=False)
    _task: str = field(default="", init=False)
    _verdicts: dict[str, str] = field(default_factory=dict, init=False)
    _loud: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        self._begun = self._spoke = self.clock()

    def line(self, text: str) -> None:
        """Take one line of output."""
        if title := TITLE.match(text):
            self._finish()
            self._start(title[1], title[2] or "")
        elif verdict := VERDICT.match(text):
            self._judge(verdict[1], verdict[2] or verdict[3], text)
        elif recap := RECAP.match(text):
            self.changes += sum(map(int, CHANGES.findall(recap[2])))
            self._tell(text)
        elif text.startswith("[ERROR]") and self._task:
            self._loud = False  # the same words follow with the host's verdict
        elif text.startswith(("[WARNING]", "[ERROR]", "[DEPRECATION", "ERROR!")) or (self._loud and text.strip()):
            self._loud = True
            self._tell(text)

    def beat(self) -> None:
        """Give a sign of life when nothing was said for a while."""
        if self.clock() - self._spoke >= HEARTBEAT_SECONDS:
            self._tell(f"{self._seconds()}  … {self._task or 'starting'}")

    def end(self) -> None:
        """Say what is left to say."""
        self._finish()

    def _start(self, kind: str, name: str) -> None:
        self._loud = False
        if kind == "PLAY":
            self._tell(f"{self._seconds()}  {name}")
        elif kind != "PLAY RECAP":
            self._task = f"{name} (handler)" if kind == "RUNNING HANDLER" else ROLE.sub("", name)

    def _judge(self, verdict: str, host: str, text: str) -> None:
        self._loud = verdict in LOUD
        if self._loud:
            self.failed = True
            self._finish()
            self._tell(f"{self._seconds()}  {self._task}\n{text}")
        order = ("skipping", "included", "ok", "changed")
        earlier = self._verdicts.get(host, verdict)
        if not self._loud and verdict in order:
            self._verdicts[host] = max(verdict, earlier, key=order.index)

    def _finish(self) -> None:
        told = {host: verdict for host, verdict in self._verdicts.items() if verdict in ("ok", "changed")}
        if told and UNSEEN not in self._task:
            shown = ", ".join(f"{verdict} on {host}" for host, verdict in sorted(told.items()))
            self._tell(f"{self._seconds()}    {self._task}: {shown}")
        self._verdicts.clear()

    def _seconds(self) -> str:
        return f"{self.clock() - self._begun:6.1f} s"

    def _tell(self, text: str) -> None:
        self._spoke = self.clock()
        self.say(text)
