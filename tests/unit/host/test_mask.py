import json
from pathlib import Path
from urllib.parse import quote

import pytest

from slipway.host.journal import Journal
from slipway.host.layout import Layout
from slipway.host.machine import Machine, Work
from slipway.host.mask import SHOWN_INSTEAD, masking, within

VALUE = 's3cr$t-"val/ue'


@pytest.mark.parametrize(
    "text",
    [
        f"password={VALUE}",
        json.dumps({"password": VALUE}),
        f"postgres://u:{quote(VALUE, safe='')}@db/x",
        f"environment: {VALUE.replace('$', '$$')}",
    ],
)
def test_a_secret_is_taken_out_in_every_spelling(text: str) -> None:
    shown = masking([VALUE])(text)
    assert SHOWN_INSTEAD in shown
    assert "val" not in shown


def test_lines_of_a_secret_are_taken_out_alone() -> None:
    key = "-----BEGIN-----\nMIIEvQIBADANBgkq\n-----END-----"
    assert "MIIE" not in masking([key])("error near MIIEvQIBADANBgkq")


def test_the_longer_of_two_secrets_goes_first() -> None:
    assert masking(["abcd", "abcdefgh"])("abcdefgh") == SHOWN_INSTEAD


def test_short_values_do_not_blot_out_text() -> None:
    assert masking(["a", ""])("a banana") == "a banana"


def test_data_keeps_its_form_whatever_a_secret_is_worth() -> None:
    data = {"event": "begin", "changed": True, "result": {"verdict": "begin", "error": None, "steps": ("true null event",)}}
    mask = masking(["event", "begin", "true", "null", "result", "changed", '": "'])
    hidden = " ".join([SHOWN_INSTEAD] * 3)
    assert within(mask, data) == {
        "event": "begin",
        "changed": True,
        "result": {"verdict": "begin", "error": None, "steps": [hidden]},
    }


def test_secrets_are_taken_out_of_data_at_any_depth() -> None:
    assert within(masking([VALUE]), {"lost": [{"lines": [f"+ {VALUE}"]}]}) == {"lost": [{"lines": [f"+ {SHOWN_INSTEAD}"]}]}


def test_a_journal_can_be_read_whatever_a_secret_is_worth(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    work = Work(Machine(layout), layout.stack("shop")).with_values({"A": "event", "B": "true", "C": VALUE}, {})
    work.note({"event": "begin", "who": "ops", "changed": True, "why": f"with {VALUE}"})
    (entry,) = Journal(work.folder.journal).entries()
    assert (entry["event"], entry["changed"], entry["why"]) == ("begin", True, f"with {SHOWN_INSTEAD}")
