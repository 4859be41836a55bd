"""Each folder here is a case: `stack.json` (and `before.json`, the release that serves) in, `expected/` out."""

import dataclasses
import json
from pathlib import Path

import pytest

from slipway.codec import from_json
from slipway.model import Stack
from slipway.placement import Host, Placed, Placement
from slipway.plan import retire
from slipway.plan.deploy import Before, steps, to_text
from slipway.plan.place import Images, Taken, place
from slipway.plan.step import Step
from slipway.render import egress, switch
from slipway.render.base import base_project
from slipway.render.release import release_project
from slipway.render.site import site

HERE = Path(__file__).parent
CASES = sorted(path.parent for path in HERE.glob("*/stack.json"))
TEMPLATE = (HERE.parent.parent / "nginx/site.conf.j2").read_text(encoding="utf-8")
TAKEN = Taken(subnets=("172.17.0.0/16", "10.213.0.0/24", "10.212.0.0/24"), slots=(20001,))
DIGESTS = "0123456789abcdef" * 4


def images(stack: Stack) -> Images:
    return Images(
        references={name: f"{service.image.partition(':')[0]}@sha256:{DIGESTS}" for name, service in stack.services.items()},
        users={name: 999 for name, service in stack.services.items() if service.kind == "store"},
    )


def placed(stack: Stack, number: int, previous: Placement | None) -> Placed:
    taken = dataclasses.replace(TAKEN, subnets=(*TAKEN.subnets, *(previous.subnets.values() if previous else ())))
    placement = place(stack, number, taken, previous, images(stack))
    return Placed(stack, dataclasses.replace(placement, secrets_generation=number, base_generation=1))


def as_text(step: Step) -> str:
    arguments = {key: sorted(value) if key == "files" else value for key, value in step.arguments.items() if key != "text"}
    said = json.dumps(arguments, sort_keys=True) if arguments else ""
    return f"{step.name}: {step.why} [{step.action}, {step.limit_seconds} s]\n  {' '.join(step.argv)}\n  {said}".rstrip() + "\n"


def stacks_of(case: Path) -> tuple[Stack, Stack | None]:
    """Return what is wanted, and what serves before it."""
    found = [case / name for name in ("stack.json", "before.json") if (case / name).is_file()]
    wanted, *before = [from_json(Stack, json.loads(path.read_text(encoding="utf-8"))) for path in found]
    return wanted, before[0] if before else None


def host_of(serving: Stack | None) -> Host:
    """Return a newer host on public ports where a release serves, an older one behind a forwarder else."""
    return Host(nginx=(1, 26, 3), https_port=443) if serving else Host(nginx=(1, 24, 0), https_port=8441)


def rendered_case(case: Path) -> dict[str, str]:
    wanted, serving = stacks_of(case)
    return rendered(wanted, serving, host_of(serving))


def rendered(wanted: Stack, serving: Stack | None, host: Host) -> dict[str, str]:
    """Return every text a host would write or do for a stack, by the name of its expected file."""
    old = placed(serving, 2, None) if serving else None
    new = placed(wanted, 3, old.placement if old else None)
    text = site(new.stack, new.placement, host, TEMPLATE)
    before = Before(
        old=old,
        base=base_project(old.stack, old.placement) if old else None,
        site=site(old.stack, old.placement, host, TEMPLATE) if old else "",
    )
    targets = switch.slot_targets(new.stack, new.placement, switch.started(new.stack))
    return {
        "base.json": to_text(base_project(new.stack, new.placement)),
        "compose.json": to_text(release_project(new.stack, new.placement)),
        "site.conf": text,
        "switch.nft": switch.rules(targets),
        "egress.nft": egress.rules(egress.fences([placed for placed in (old, new) if placed])),
        "plan.txt": "".join(map(as_text, [*steps(new, before, text), *(retire.leave(old, 0) if old else [])])),
    }


def compare(texts: dict[str, str], expected: Path, request: pytest.FixtureRequest) -> None:
    """Assert that texts are as reviewed, or write them anew where that was asked for."""
    if request.config.getoption("--update-golden", default=False):
        expected.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (expected / name).write_text(text, encoding="utf-8")
    assert texts == {name: (expected / name).read_text(encoding="utf-8") for name in texts}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_renders_are_as_reviewed(case: Path, request: pytest.FixtureRequest) -> None:
    compare(rendered_case(case), case / "expected", request)


def test_every_expected_file_belongs_to_a_case() -> None:
    known = {case / "expected" / name for case in CASES for name in rendered_case(case)}
    assert set(HERE.glob("*/expected/*")) == known
