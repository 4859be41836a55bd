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
from slipway.render import switch
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


def rendered(case: Path) -> dict[str, str]:
    def stack_of(name: str) -> Stack:
        return from_json(Stack, json.loads((case / name).read_text(encoding="utf-8")))

    old = placed(stack_of("before.json"), 2, None) if (case / "before.json").is_file() else None
    new = placed(stack_of("stack.json"), 3, old.placement if old else None)
    host = Host(nginx=(1, 26, 3) if old else (1, 24, 0), https_port=443 if old else 8441)
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
        "plan.txt": "".join(map(as_text, [*steps(new, before, text), *(retire.leave(old, 0) if old else [])])),
    }


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_renders_are_as_reviewed(case: Path, request: pytest.FixtureRequest) -> None:
    texts = rendered(case)
    expected = case / "expected"
    if request.config.getoption("--update-golden", default=False):
        expected.mkdir(exist_ok=True)
        for name, text in texts.items():
            (expected / name).write_text(text, encoding="utf-8")
    assert texts == {name: (expected / name).read_text(encoding="utf-8") for name in texts}


def test_every_expected_file_belongs_to_a_case() -> None:
    known = {case / "expected" / name for case in CASES for name in rendered(case)}
    assert set(HERE.glob("*/expected/*")) == known
