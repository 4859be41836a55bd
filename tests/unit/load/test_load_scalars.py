"""Small parts: scalars, interpolation, commands, quantities."""

import pytest

from slipway.load.commands import NotACommand, split
from slipway.load.interpolation import Scope, fill, is_one_variable, secrets_in
from slipway.load.quantities import seconds, size_bytes
from slipway.load.scalars import go_text, is_date, resolve

SCOPE = {"W": "w", "E": "", "MONEY": "a$b"}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("on", "on"),
        ("yes", "yes"),
        ("y", "y"),
        ("True", True),
        ("22:22", "22:22"),
        ("1:20:30", "1:20:30"),
        ("0644", 420),
        ("0o644", 420),
        ("08", 8.0),
        ("0x1F", 31),
        ("0b101", 5),
        ("1_000", 1000),
        ("+12", 12),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("1.", 1.0),
        ("1.2.3", "1.2.3"),
        ("-", "-"),
        ("~", None),
        ("2024-01-02", "2024-01-02"),
        ("18446744073709551615", 18446744073709551615),
        ("18446744073709551616", 18446744073709551616.0),
    ],
)
def test_a_plain_scalar_is_what_compose_takes_it_for(text: str, value: object) -> None:
    assert resolve(text) == value
    assert type(resolve(text)) is type(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1e21, "1e+21"),
        (8e7, "8e+07"),
        (2.7e6, "2.7e+06"),
        (1234567.5, "1.2345675e+06"),
        (123456.0, "123456"),
        (1.5, "1.5"),
        (1000.0, "1000"),
        (1e-5, "1e-05"),
        (True, "true"),
        (None, ""),
    ],
)
def test_a_number_is_printed_as_go_prints_it(value: float | bool | None, text: str) -> None:
    assert go_text(value) == text


def test_dates_are_known() -> None:
    assert is_date("2024-1-2")
    assert is_date("2024-01-02T03:04:05Z")
    assert not is_date("2024-01-02-3")


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("$W ${W}", "w w"),
        ("${U:-d}${U-d}${E:-d}${E-d}", "ddd"),
        ("${W:+a}${W+a}${E:+a}${E+a}${U+a}", "aaa"),
        ("${U:-${E:-${W}}}", "w"),
        ("${W:?no}${E?no}", "w"),
        ("$$W $1 $.", "$$W $$1 $$."),
        ("${MONEY}", "a$$b"),
        ("x${S}y$S", "x${S}y${S}"),
        ("${S:-d}${S:+set}", "${S}set"),
    ],
)
def test_interpolation_has_all_of_composes_forms(text: str, filled: str) -> None:
    found = fill(text, Scope(SCOPE, frozenset("S")))
    assert (found.text, found.problems) == (filled, ())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("${U}", "variable `U` has no value"),
        ("a${E:?why}", "variable `E` is empty"),
        ("${U:-${V}}", "variable `V` has no value"),
        ("${}", "`$` begins no variable"),
        ("${W", "`$` begins no variable"),
        ("${W:-{}}", "a brace in the default of `W`: versions of Compose differ"),
    ],
)
def test_what_has_no_value_is_named(text: str, message: str) -> None:
    assert [problem.message for problem in fill(text, Scope(SCOPE, frozenset())).problems] == [message]


def test_references_are_told_from_dollars() -> None:
    assert secrets_in("$${A} ${B} $$${C}") == ["B", "C"]
    assert is_one_variable("${A:-${B}}")
    assert is_one_variable("$A")
    assert not is_one_variable("${A}${B}")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("a 'b c' \"d e\"", ["a", "b c", "d e"]),
        (r"a\ b \\", ["a b", "\\"]),
        ("''", [""]),
        (r'"a\"b"', ['a"b']),
        ('"$(date +%s)" x', ["$(date +%s)", "x"]),
        ("a\tb\n", ["a", "b"]),
        ("'a;b'", ["a;b"]),
        ("", []),
    ],
)
def test_a_command_is_split_as_compose_splits_it(line: str, words: list[str]) -> None:
    assert split(line) == words


@pytest.mark.parametrize(
    "line", ["a; b", "a | b", "a && b", "a > b", "'a", '"', "a\\", "(a)", "a)", "$(date)", "`date`", r"a\tb"]
)
def test_a_command_that_compose_would_cut_or_refuse_is_none(line: str) -> None:
    with pytest.raises(NotACommand):
        split(line)


def test_quantities() -> None:
    assert [seconds(text) for text in ("90s", "1m30s", "1.5h", "500ms", "90", "", "1d", "s")] == [
        90,
        90,
        5400,
        0.5,
        None,
        None,
        None,
        None,
    ]
    assert [size_bytes(text) for text in ("512m", "1g", "1.5GiB", "64MB", "1024", "m", "-1m")] == [
        512 << 20,
        1 << 30,
        3 << 29,
        64 << 20,
        1024,
        None,
        None,
    ]
