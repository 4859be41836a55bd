"""Plain YAML scalars as Compose reads them: YAML 1.2 by the rules of Go's yaml.v3.

`on` and `yes` are words, `22:22` is text, `0o644` and `0644` are both 420, `08` is the number 8, `1_000` is 1000. A date stays
text here and is marked, because Compose turns an unquoted one into Go's long form, which nobody means.
"""

import math
import re
from decimal import Decimal

Scalar = str | int | float | bool | None

CONSTANTS: dict[str, Scalar] = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
}
INTEGER = re.compile(r"([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|([1-9][0-9]*|0))")
FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
CLOCK = r"\d{1,2}:\d{1,2}:\d{1,2}(\.\d*)?"
DATE = re.compile(rf"\d{{4}}-\d{{1,2}}-\d{{1,2}}([Tt]{CLOCK}(Z|[-+]\d\d:\d\d)|[ ]{CLOCK})?")
BASES = (16, 2, 8, 10)
LONGEST_NUMBER = 400


def resolve(text: str) -> Scalar:
    """Return the value of a plain scalar."""
    if text in CONSTANTS:
        return CONSTANTS[text]
    if text[0] not in "0123456789+-." or len(text) > LONGEST_NUMBER or is_date(text):
        return text
    number = text if text[0] == "." else text.replace("_", "")
    whole = _whole(number)
    return _decimal(number, text) if whole is None else whole


def is_date(text: str) -> bool:
    """Say whether Compose takes a plain scalar for a date."""
    return DATE.fullmatch(text) is not None


def go_text(value: Scalar) -> str:
    """Return a scalar as Go prints it, which is what a container sees in its environment."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return ""
    return _go_float(value) if isinstance(value, float) else str(value)


def _whole(number: str) -> int | None:
    match = INTEGER.fullmatch(number)
    if match is None:
        return None
    digits, base = next((digits, base) for digits, base in zip(match.groups()[1:], BASES, strict=True) if digits)
    value = int(match[1] + digits, base)
    highest = 2**63 if match[1] else 2**64
    return value if -(2**63) <= value < highest else None


def _decimal(number: str, text: str) -> Scalar:
    if FLOAT.fullmatch(number) is None:
        return text
    value = float(number)
    return text if math.isinf(value) else value


def _go_float(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    if value and not 1e-4 <= abs(value) < 1e6:
        digits, _, exponent = f"{Decimal(repr(value)).normalize():e}".partition("e")
        return f"{digits}e{int(exponent):+03d}"
    return f"{Decimal(repr(value)):f}".removesuffix(".0")
