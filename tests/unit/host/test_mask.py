import json
from urllib.parse import quote

import pytest

from slipway.host.mask import SHOWN_INSTEAD, masking

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
