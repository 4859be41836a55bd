"""No rule, no format and no refused key is without a case that trips it and a neighbour that passes."""

import dataclasses
import re
from collections.abc import Callable, Iterator, Mapping
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import pytest

from slipway.environment import Environment
from slipway.errors import Fault
from slipway.load import MEMBER_RULES, SERVICE_RULES, STACK_RULES, WHOLE_RULES, bounds, formats, survey_environment
from slipway.load.rule import Whole
from slipway.load.schema import words
from slipway.model import Service, Stack
from slipway.policy import ranges
from tests.unit.load.cases import CASES
from tests.unit.load.cases.texts import TEXTS
from tests.unit.load.project import Project

Rule = Callable[..., Any]
RULES: list[Rule] = [*SERVICE_RULES, *STACK_RULES, *WHOLE_RULES, *MEMBER_RULES]


@dataclasses.dataclass(frozen=True)
class Survey:
    """A case's reading of what is wrong, and of its neighbour."""

    bad: Whole
    good: Whole
    faults: tuple[Fault, ...]


@pytest.fixture(scope="module")
def surveys(tmp_path_factory: pytest.TempPathFactory) -> list[Survey]:
    found = []
    for case in CASES:
        project = Project(tmp_path_factory.mktemp("case"))
        case.write_bad(project)
        bad, faults = survey(project)
        case.write_good(project)
        found.append(Survey(bad, survey(project)[0], faults))
    project = Project(tmp_path_factory.mktemp("text"))
    project.inventory("stacks: {shop: {compose: shop}}")
    for text in TEXTS:
        project.stack_file(text.bad)
        bad, faults = survey(project)
        project.stack_file(text.good)
        found.append(Survey(bad, survey(project)[0], faults))
    return found


def survey(project: Project) -> tuple[Whole, tuple[Fault, ...]]:
    compose = project.root / "compose"
    loaded = survey_environment(project.root / "inventory/test", compose)
    return Whole(loaded.environment, loaded.inventory, loaded.hosts, compose, loaded.drafts), loaded.faults


def tripped(whole: Whole) -> Iterator[str]:
    yield from (rule.__name__ for rule in WHOLE_RULES if [*rule(whole)])
    for draft in whole.drafts.values():
        yield from (rule.__name__ for rule in SERVICE_RULES for service in draft.services.values() if [*rule(service)])
        yield from (rule.__name__ for rule in STACK_RULES if [*rule(draft)])
        yield from (rule.__name__ for rule in MEMBER_RULES if [*rule(whole, draft)])


def test_each_rule_is_tripped_by_a_case_and_by_no_neighbour(surveys: list[Survey]) -> None:
    bad = {name for one in surveys for name in tripped(one.bad)}
    assert sorted({rule.__name__ for rule in RULES} - bad) == []
    assert {name for one in surveys for name in tripped(one.good)} == set()


def test_each_rule_has_a_name_of_its_own() -> None:
    assert len({rule.__name__ for rule in RULES}) == len(RULES)


def test_each_format_is_tripped_by_a_case(surveys: list[Survey]) -> None:
    paths = [fault.path for one in surveys for fault in one.faults]
    plain = {re.sub(r"\[\d+\]", "", path) for path in paths}
    missing = [word for word in formats.FORMATS if not any(_leads_to(path, word) for path in plain)]
    assert missing == []
    assert [word for word in formats.KEYS if not any(re.search(rf"(^|\.){word}\.", path) for path in plain)] == []


def _leads_to(path: str, word: str) -> bool:
    """Say whether a fault's path ends in a word such as `routes.path`, names that people gave in between."""
    above, _, key = word.rpartition(".")
    if not above:
        return re.search(rf"(^|\.){key}(\.[^.]+)?$", path) is not None
    return re.search(rf"(^|\.){above}(\..+)?\.{key}$", path) is not None


def numbers(kind: type, above: str = "") -> Iterator[tuple[str, str]]:
    """Yield each word that holds numbers, with the word above it."""
    for key, word in words(kind).items():
        for core in cores(word.kind):
            if core in (int, float):
                yield key, above
            elif dataclasses.is_dataclass(core) and isinstance(core, type):
                yield from numbers(core, key)


def cores(kind: Any) -> Iterator[Any]:
    origin, parts = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        for part in parts:
            yield from cores(part)
    elif origin is Annotated or origin is tuple:
        yield from cores(parts[0])
    elif origin is Mapping:
        yield from cores(parts[1])
    elif origin is not Literal:
        yield kind


NUMBERS = sorted({(key, above) for kind in (Stack, Service, Environment) for key, above in numbers(kind)})


@pytest.mark.parametrize(("key", "above"), NUMBERS)
def test_each_number_has_bounds_that_hold(key: str, above: str) -> None:
    low, high = ranges.limits(key, above)
    assert float("-inf") < low < high < float("inf")
    holder = dataclasses.make_dataclass("Holder", [(key, Annotated[float, "A number."])])
    step = 0.001 if high == 1 else 1
    for value, faults in ((low - step, 1), (low, 0), (high, 0), (high + step * max(1, abs(high) / 1000), 1)):
        assert len(list(bounds.found(holder(value), (), above))) == faults, value


def test_each_range_belongs_to_a_word() -> None:
    known = {key for key, _ in NUMBERS} | {f"{above}.{key}" for key, above in NUMBERS} | {"rate.per_seconds"}
    assert sorted(set(ranges.RANGES) - known) == []
