"""Where things lie on a host. Knows paths only; tests give it another root."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class StackFolder:
    """The folder of one stack below /var/lib/slipway."""

    path: Path

    @property
    def name(self) -> str:
        """Return the stack's name."""
        return self.path.name

    @property
    def serving(self) -> Path:
        """Return the serving record."""
        return self.path / "serving.json"

    @property
    def journal(self) -> Path:
        """Return the journal."""
        return self.path / "journal.jsonl"

    @property
    def lock(self) -> Path:
        """Return the lock."""
        return self.path / "lock"

    @property
    def number(self) -> Path:
        """Return the counter of releases: the highest number ever given."""
        return self.path / "number"

    @property
    def requests(self) -> Path:
        """Return the folder of waiting requests."""
        return self.path / "requests"

    @property
    def base(self) -> Path:
        """Return the record of the base that was last brought up."""
        return self.path / "base" / "base.json"

    def release(self, number: int) -> Path:
        """Return the folder of a release."""
        return self.path / "releases" / str(number)

    def run_lock(self, service: str) -> Path:
        """Return the lock of what runs by itself, such as a task: never twice at once."""
        return self.path / f"run-{service}.lock"


@dataclass(frozen=True, slots=True)
class Layout:
    """All paths of a host below one root."""

    root: Path = Path("/")

    @property
    def engine(self) -> Path:
        """Return the link to the engine in force."""
        return self.root / "usr/local/lib/slipway/current"

    @property
    def state(self) -> Path:
        """Return the folder of all stacks."""
        return self.root / "var/lib/slipway"

    @property
    def settings(self) -> Path:
        """Return the folder that roles write for the engine."""
        return self.root / "etc/slipway"

    @property
    def edge_settings(self) -> Path:
        """Return what the role `edge` tells the engine."""
        return self.settings / "edge.json"

    @property
    def policy(self) -> Path:
        """Return what releases may ask for, written by the role `stack`."""
        return self.settings / "policy.json"

    @property
    def sites(self) -> Path:
        """Return the folder of nginx sites."""
        return self.root / "etc/nginx/slipway/sites"

    @property
    def edge_log(self) -> Path:
        """Return the edge's log of requests."""
        return self.root / "var/log/nginx/edge.json.log"

    @property
    def certificates(self) -> Path:
        """Return the folder of certificates nginx reads."""
        return self.root / "etc/ssl/slipway"

    @property
    def certbot(self) -> Path:
        """Return certbot's folder."""
        return self.root / "etc/letsencrypt"

    @property
    def docker_settings(self) -> Path:
        """Return the engine settings of Docker."""
        return self.root / "etc/docker/daemon.json"

    @property
    def notices(self) -> Path:
        """Return whom this host tells about releases, with the secrets that takes."""
        return self.settings / "secrets/notices.json"

    @property
    def outbox(self) -> Path:
        """Return the folder of messages that wait to be sent."""
        return self.root / "var/spool/slipway/notices"

    def backups(self, stack: str) -> Path:
        """Return the folder of what is saved before a stack's migrations."""
        return self.root / "var/backups/slipway" / stack

    def secrets(self, stack: str) -> Path:
        """Return the folder of a stack's secrets."""
        return self.settings / "secrets" / stack

    def stack(self, name: str) -> StackFolder:
        """Return a stack's folder."""
        return StackFolder(self.state / name)

    def stacks(self) -> list[StackFolder]:
        """Return the folders of all stacks this host has heard of, by name."""
        if not self.state.is_dir():
            return []
        return [StackFolder(path) for path in sorted(self.state.iterdir()) if (path / "requests").is_dir()]
