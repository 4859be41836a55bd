"""Every rule trips, and its good neighbour passes."""

from collections import Counter

import pytest

from tests.unit.load.cases import CASES
from tests.unit.load.cases.case import Case
from tests.unit.load.project import Project

every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


@every_case
def test_a_rule_trips_and_shows_no_secret(project: Project, case: Case) -> None:
    case.write_bad(project)
    faults = project.faults()
    assert any(f": {case.path}: " in fault and case.says in fault for fault in faults), "\n".join(faults)
    assert "hunter2" not in "\n".join(faults)


@every_case
def test_the_good_neighbour_passes(project: Project, case: Case) -> None:
    case.write_good(project)
    assert project.faults() == []


def test_names_of_cases_tell_them_apart() -> None:
    names = Counter(case.name for case in CASES)
    assert [name for name, count in names.items() if count > 1] == []
