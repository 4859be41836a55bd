"""Hold requests to `/etc/slipway/policy.json`, which only root writes: site.yml does, as an admin ran it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

from ..codec import from_json
from ..errors import ReleaseRefused
from ..model import Stack
from ..policy.grants import SCHEMA, Policy
from ..policy.judge import breaches, malformed
from .asker import Asker
from .layout import Layout
from .records import Request

WIDEN = "if this is wanted, an admin runs site.yml with this stack file and inventory: that grants it"
CORRECT = "no stack file leads to such a request: correct what made it"


def check(layout: Layout, request: Request, secrets: Mapping[str, str]) -> None:
    """Raise ReleaseRefused with everything a request asks for that was not granted."""
    check_form(request.stack, secrets)
    if missing := sorted(set(request.stack.secret_names) - set(secrets)):
        raise _refusal(request.stack, [f"secret {name}: it came without a value" for name in missing], CORRECT)
    if beyond := _beyond(layout, request, secrets):
        raise _refusal(request.stack, beyond, WIDEN)


def check_preview(layout: Layout, request: Request, secrets: Mapping[str, str], asker: Asker) -> None:
    """Raise what the run would; site.yml by an admin writes the policy before it releases anything."""
    if asker.deployer or request.verb:
        check(layout, replace(request, deployer=asker.deployer), secrets)
    check_form(request.stack, secrets)


def check_images(layout: Layout, stack: Stack, asker: Asker) -> None:
    """Raise ReleaseRefused where a deployer asks for images of a stack that was not granted."""
    check_form(stack, {})
    policy = read(layout)
    beyond = breaches(policy, stack, {}) if policy else ["this host has no policy of this version yet"]
    if asker.deployer and beyond:
        raise _refusal(stack, beyond, WIDEN)


def check_stack(layout: Layout, name: str, asker: Asker) -> None:
    """Raise ReleaseRefused where a deployer asks for a stack that nobody granted: nothing is kept of such a request."""
    policy = read(layout)
    if asker.deployer and (policy is None or name not in policy.stacks):
        raise ReleaseRefused(f"no stack called {name!r} was granted to this host", WIDEN)


def check_form(stack: Stack, secrets: Mapping[str, str]) -> None:
    """Raise ReleaseRefused where names or paths lead out of a stack, whoever asks."""
    if wrong := malformed(stack, secrets):
        raise _refusal(stack, wrong, CORRECT)


def read(layout: Layout) -> Policy | None:
    """Return the policy in force, None where there is none that this engine understands."""
    if not layout.policy.is_file():
        return None
    try:
        policy = from_json(Policy, json.loads(layout.policy.read_text(encoding="utf-8")))
    except (TypeError, ValueError):
        return None
    return policy if policy.schema == SCHEMA else None


def _beyond(layout: Layout, request: Request, secrets: Mapping[str, str]) -> list[str]:
    """Return what was not granted; where no policy was ever written, everything is refused to deployers."""
    policy = read(layout)
    if policy is None:
        return ["this host has no policy of this version yet"] if request.deployer else []
    stores = ["`base`: stores restart by an admin's run only"] if request.deployer and request.base else []
    return [*breaches(policy, request.stack, secrets), *stores]


def _refusal(stack: Stack, found: Sequence[str], next_step: str) -> ReleaseRefused:
    what = "thing" if len(found) == 1 else "things"
    lines = "\n".join(f"  {breach}" for breach in found)
    return ReleaseRefused(f"the policy of this host refuses {len(found)} {what} of {stack.name[:40]!r}:\n{lines}", next_step)
