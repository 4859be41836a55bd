"""Put the switch in force: the constant address nginx sends to, and the map that leads it to replicas."""

import json

from ..errors import HostError
from .runner import Runner

ADDRESS = "10.255.77.1"


def ensure_address(runner: Runner) -> bool:
    """Give the loopback interface the switch's address; say whether it was missing."""
    links = json.loads(runner.run(("ip", "-json", "address", "show", "dev", "lo")))
    if any(item.get("local") == ADDRESS for link in links for item in link.get("addr_info", [])):
        return False
    runner.run(("ip", "address", "add", f"{ADDRESS}/32", "dev", "lo"))
    return True


def load(runner: Runner, rules: str, what: str = "the switch") -> None:
    """Load the rules in one transaction."""
    outcome = runner.attempt(("nft", "-f", "-"), stdin=rules, limit_seconds=20)
    if outcome.code:
        raise HostError(f"nftables refused {what}:\n{outcome.text}", "this is a fault of the engine or the kernel: report it")
