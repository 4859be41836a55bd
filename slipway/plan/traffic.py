"""Steps that decide where requests go: the map, the site, the certificates."""

from ..placement import Placed
from ..render import switch
from .step import Step


def move(new: Placed, old: Placed | None) -> Step:
    """Return the step that leads traffic to a release.

    Slots that only the old release has still lead to it: nginx sends there until its new site is in force.
    """
    targets = {**(_targets(old) if old else {}), **_targets(new)}
    return Step(
        name="switch",
        action="switch",
        why=f"lead new connections to release {new.number}",
        arguments={"targets": switch.to_arguments(targets)},
    )


def trim(new: Placed, old: Placed | None) -> list[Step]:
    """Return the step that forgets slots of the old release alone, once no site sends to them."""
    if old is None or set(_targets(old)) <= set(_targets(new)):
        return []
    arguments = {"targets": switch.to_arguments(_targets(new))}
    return [Step(name="trim-switch", action="switch", why="forget the slots nothing sends to any more", arguments=arguments)]


def _targets(placed: Placed) -> dict[int, switch.Target]:
    return switch.slot_targets(placed.stack, placed.placement, switch.started(placed.stack))


def share(canary: Placed, serving: Placed | None = None) -> Step:
    """Return the step that leads the slots of a canary to it, or back to the release that serves."""
    targets = switch.to_arguments(switch.canary_targets(canary, serving))
    where = f"back to release {serving.number}" if serving else f"to release {canary.number}"
    return Step("switch-canary", "switch", f"lead the canary's share {where}", arguments={"targets": targets, "canary": True})


def forget_share() -> Step:
    """Return the step that forgets the slots of a canary, once no site sends to them."""
    why = "forget the slots of the canary"
    return Step("trim-canary", "switch", why, arguments={"targets": {}, "canary": True})


def check_site(text: str) -> Step:
    """Return the step that has nginx judge the site while the old one serves."""
    return Step(
        name="check-site",
        action="check-site",
        why="have nginx judge the site before anything depends on it",
        arguments={"text": text},
    )


def site(text: str) -> Step:
    """Return the step that puts the site in force."""
    return Step(name="site", action="site", why="put the site in force", arguments={"text": text})


def certificates(new: Placed) -> list[Step]:
    """Return the step that issues what is missing, a certificate for each domain with the names that redirect to it."""
    wanted = [
        {"domain": domain.name, "names": [domain.name, *domain.redirect_from]} for _, domain in sorted(new.stack.domains.items())
    ]
    why = "issue the certificates that are missing"
    return [Step("certificates", "certificates", why, arguments={"certificates": wanted}, limit_seconds=300)] if wanted else []
