"""Say which change of people or networks would lock out the one who makes it. Pure: keys and networks in, a refusal out."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Any

FIRST_BRIDGE = "172.17.0.0/16"


@dataclass(frozen=True, slots=True)
class Operator:
    """Who makes the change, and the public keys this controller would log in with; none where it cannot tell."""

    name: str
    offers: Sequence[str] = ()
    is_over: bool = False  # the last day of the account


def lock_out(admins: Mapping[str, Sequence[str]], operator: Operator, deploy_user: str) -> str:
    """Return why nothing may be changed, with the next step; nothing where the operator gets in afterwards too."""
    if not admins:
        return _refusal("no admin is named, so nobody could log in", f"list {operator.name} under `admins` with a key")
    if operator.name not in admins:
        return _refusal(
            f"{operator.name} is the user of this run and none of the admins: login and sudo would be lost",
            f"list {operator.name} under `admins`, or set `ansible_user` to {_one_of(admins)} and use that admin's key",
        )
    if operator.is_over:
        return _refusal(f"the last day of {operator.name} is over", f"set `admins.{operator.name}.expires` to a day to come")
    if bare := sorted(name for name, keys in admins.items() if not keys):
        return _refusal(
            f"{', '.join(bare)}: an admin without a key could not log in", "add one under `keys`, or take the admin out"
        )
    if deploy_user in admins:
        return _refusal(f"{deploy_user} is the account of the deployers", "give the admin another name")
    if operator.offers and not {_body(key) for key in operator.offers} & {_body(key) for key in admins[operator.name]}:
        return _refusal(
            f"the key of this run is none of {operator.name}'s, and passwords open no door: {_name(operator.offers[0])}",
            f"add its public part to `admins.{operator.name}.keys`, or name a key of theirs in `ansible_ssh_private_key_file`",
        )
    return ""


def networks_lock_out(pools: Mapping[str, str], network: Mapping[str, Any]) -> str:
    """Return why container networks may not be cut from these pools; nothing where no answer of the host would get lost.

    `network` is what the host says: where logins come from (`peers`), which networks lie at its cards (`near`), and whether
    Docker has its own `bridge` already.
    """
    if not network["bridge"] and (there := [peer for peer in network["peers"] if ip_address(peer) in ip_network(FIRST_BRIDGE)]):
        return _refusal(
            f"Docker, once installed, takes {FIRST_BRIDGE} for its first bridge, and {there[0]} is logged in from there",
            "come by way of another network, such as a jump host",
        )
    for word, pool in pools.items():
        wanted = ip_network(pool)
        if inside := [peer for peer in network["peers"] if ip_address(peer) in wanted]:
            return _refusal(
                f"{word} {pool} holds {inside[0]}, where somebody is logged in from: the host's answers would go to containers",
                f"set `{word}` to a private network that nobody comes from",
            )
        if over := [other for other in network["near"] if ip_network(other).overlaps(wanted)]:
            return _refusal(
                f"{word} {pool} overlaps {over[0]}, a network of the host itself: its neighbours would be lost to containers",
                f"set `{word}` to a private network that the host is not in",
            )
    return ""


def _refusal(cause: str, next_step: str) -> str:
    return f"{cause}; nothing was changed\n  next: {next_step}"


def _one_of(names: Collection[str]) -> str:
    return " or ".join(sorted(names))


def _body(key: str) -> tuple[str, ...]:
    """Return a key without its comment."""
    return tuple(key.split()[:2])


def _name(key: str) -> str:
    """Return what a person knows a key by."""
    kind, body, *comment = key.split(maxsplit=2)
    return comment[0] if comment else f"{kind} …{body[-12:]}"
