import json
from dataclasses import replace
from pathlib import Path

import pytest

from slipway.codec import to_json
from slipway.errors import ReleaseRefused
from slipway.host import policy, submit
from slipway.host.asker import Asker
from slipway.host.layout import Layout
from slipway.host.machine import Machine
from slipway.host.records import Request
from slipway.model import Service, Stack
from slipway.policy.grants import policy_of

LIMITS = {"deploy": {"resources": {"limits": {"memory": str(64 << 20)}}}}
WEB = Service(name="web", image="a/b:1", compose=LIMITS, memory_mb=64)
STACK = Stack(name="shop", services={"web": WEB}, secret_names=("S",))
WIDER = replace(STACK, services={"web": replace(WEB, compose={**LIMITS, "privileged": True, "pid": "host"})})
MALFORMED = replace(STACK, volumes=("../x",))
REQUEST = Request(id="1", stack=STACK, who="root", why="", at="")
DEPLOYER, ADMIN = Asker("deploy", "ann"), Asker("ops")


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    layout = Layout(tmp_path)
    layout.settings.mkdir(parents=True)
    layout.policy.write_text(json.dumps(to_json(policy_of({"shop": STACK}))))
    return layout


def asked(stack: Stack, **changes: object) -> Request:
    return replace(REQUEST, stack=stack, **changes)  # type: ignore[arg-type] # fields by name


@pytest.mark.parametrize("deployer", [True, False])
def test_what_was_granted_passes_and_what_was_not_is_refused_whoever_asks(layout: Layout, deployer: bool) -> None:
    policy.check(layout, asked(STACK, deployer=deployer), {"S": "x"})
    with pytest.raises(ReleaseRefused) as refused:
        policy.check(layout, asked(WIDER, deployer=deployer), {"S": "x"})
    assert refused.value.exit_code == 5
    assert "refuses 2 things of 'shop'" in refused.value.cause
    assert "`privileged: True`" in refused.value.cause
    assert "`pid: host`" in refused.value.cause
    assert "an admin runs site.yml" in refused.value.next_step


def test_a_request_that_no_stack_file_leads_to_is_refused_whoever_asks(layout: Layout) -> None:
    with pytest.raises(ReleaseRefused, match="is no name for a volume") as refused:
        policy.check(layout, asked(MALFORMED), {})
    assert "site.yml" not in refused.value.next_step, "no admin's run would let it through"


def test_secrets_nobody_declared_are_refused(layout: Layout) -> None:
    with pytest.raises(ReleaseRefused, match="LD_PRELOAD"):
        policy.check(layout, asked(STACK), {"LD_PRELOAD": "x"})


def test_stores_restart_by_an_admins_word_only(layout: Layout) -> None:
    policy.check(layout, asked(STACK, base=True), {"S": "x"})
    with pytest.raises(ReleaseRefused, match="`base`"):
        policy.check(layout, asked(STACK, base=True, deployer=True), {"S": "x"})


@pytest.mark.parametrize(
    "text", [None, "", "[]", "{}", '{"schema": 99, "stacks": {}}', '{"schema": 1, "stacks": {"shop": {"more": 1}}}']
)
def test_without_a_policy_it_understands_a_host_lets_no_deployer_through(layout: Layout, text: str | None) -> None:
    layout.policy.unlink() if text is None else layout.policy.write_text(text)
    policy.check(layout, asked(STACK), {"S": "x"})
    with pytest.raises(ReleaseRefused, match="no policy of this version"):
        policy.check(layout, asked(STACK, deployer=True), {"S": "x"})


def test_a_secret_without_a_value_is_refused(layout: Layout) -> None:
    with pytest.raises(ReleaseRefused, match="secret S: it came without a value"):
        policy.check(layout, asked(STACK), {})


def test_a_preview_says_what_the_run_would(layout: Layout) -> None:
    with pytest.raises(ReleaseRefused):
        policy.check_preview(layout, asked(WIDER), {}, DEPLOYER)
    with pytest.raises(ReleaseRefused):
        policy.check_preview(layout, asked(WIDER, verb="deploy"), {}, ADMIN)
    policy.check_preview(layout, asked(WIDER), {}, ADMIN)  # site.yml writes the policy first
    with pytest.raises(ReleaseRefused):
        policy.check_preview(layout, asked(MALFORMED), {}, ADMIN)


def test_a_deployer_has_no_other_images_looked_at(layout: Layout) -> None:
    other = replace(STACK, services={"web": replace(WEB, image="evil.example/b:1")})
    policy.check_images(layout, STACK, DEPLOYER)
    policy.check_images(layout, other, ADMIN)
    with pytest.raises(ReleaseRefused, match=r"evil\.example"):
        policy.check_images(layout, other, DEPLOYER)
    with pytest.raises(ReleaseRefused, match="'--x' is no image"):
        policy.check_images(layout, replace(STACK, services={"web": replace(WEB, image="--x")}), ADMIN)


def words(stack: Stack) -> dict[str, object]:
    return {"schema": 1, "stack": to_json(stack), "secrets": {"S": "x"}}


def test_nothing_is_kept_of_a_deployers_request_for_a_stack_nobody_granted(layout: Layout) -> None:
    other = replace(STACK, name="other")
    with pytest.raises(ReleaseRefused, match="no stack called 'other'"):
        submit.file(Machine(layout, asker=DEPLOYER), "other", words(other))
    assert not layout.stack("other").path.exists()
    assert not layout.secrets("other").exists()


@pytest.mark.parametrize(("asker", "name"), [(DEPLOYER, "shop"), (ADMIN, "other")])
def test_a_request_for_a_granted_stack_and_any_of_an_admin_is_filed(layout: Layout, asker: Asker, name: str) -> None:
    request = submit.file(Machine(layout, asker=asker), name, words(replace(STACK, name=name)))
    assert [path.stem for path in layout.stack(name).requests.iterdir()] == [request]
