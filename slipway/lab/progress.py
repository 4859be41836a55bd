"""Tell a person what is being done and for how long; never silent for long."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

Say = Callable[[str], None]
HEARTBEAT_SECONDS = 8.0


@dataclass(slots=True)
class Progress:
    """Says one line per step with its seconds, and a heartbeat while a step is long."""

    say: Say
    heartbeat_seconds: float = HEARTBEAT_SECONDS
    _latest: str = field(default="", init=False)

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Time what happens inside and say it when it is done; a step that fails says so too."""
        begun, over = time.monotonic(), threading.Event()
        self._latest = ""
        heart = threading.Thread(target=self._beat, args=(title, begun, over), daemon=True)
        heart.start()
        outcome = "failed: "
        try:
            yield
            outcome = ""
        finally:
            over.set()
            heart.join()
            self.say(f"{time.monotonic() - begun:6.1f} s  {outcome}{title}")

    def note(self, line: str) -> None:
        """Keep the newest line of a running command; the heartbeat shows it."""
        self._latest = line.strip() or self._latest

    def _beat(self, title: str, begun: float, over: threading.Event) -> None:
        while not over.wait(self.heartbeat_seconds):
            shown = f": {self._latest[:100]}" if self._latest else ""
            self.say(f"{time.monotonic() - begun:6.0f} s  … {title}{shown}")
