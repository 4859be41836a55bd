"""Say which change of people would lock out the one who makes it. Pure: keys as text in, a refusal out."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass


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
