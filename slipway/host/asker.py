"""Who asks: what the host knows by itself, from the account that came in, before what a request says about itself."""

from collections.abc import Mapping
from dataclasses import dataclass

DEPLOY = "deploy"
LONGEST_CLAIM = 80


@dataclass(frozen=True, slots=True)
class Asker:
    """An account of this host; `person` is whose key of the deploy user's it was."""

    account: str = "root"
    person: str = ""

    @property
    def deployer(self) -> bool:
        """Say whether it may run releases and nothing else."""
        return self.account == DEPLOY

    def signed(self, claim: object) -> str:
        """Return who asks for the records: first what the host knows, then in brackets what the request says."""
        known = f"{self.person} as {self.account}" if self.person else self.account
        said = "".join(char for char in str(claim) if char.isprintable() and char not in "()")[:LONGEST_CLAIM]
        return f"{known} ({said})" if said else known


def by_sudo(environment: Mapping[str, str]) -> Asker:
    """Return who came in by sudo, which sets the name itself; root where nobody did."""
    return Asker(environment.get("SUDO_USER") or "root")
