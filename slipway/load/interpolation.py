"""Compose's interpolation: `$V`, `${V}`, `${V:-d}`, `${V-d}`, `${V:?m}`, `${V?m}`, `${V:+a}`, `${V+a}`, `$$`, defaults nested.

Variables are filled in by value, secrets stay references. The answer is in Compose's escaped form: `$$` is a dollar sign,
`${NAME}` a secret. Names come from the inventory alone, never from a process environment.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from .faults import nearest, short

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
BRACED = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?:(:?[-+?])(.*))?")
REFERENCE = re.compile(r"\$\$|\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
BRACES = re.compile(r"\$\{|[{}]")
DEEPEST = 16
MOST_PROBLEMS = 100  # of one text; whoever mends these sees the others next


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong at a place in a text; `matters` if Compose refuses it also in a default that is not used."""

    offset: int
    message: str
    hint: str
    matters: bool = True


@dataclass(slots=True)
class Scope:
    """Names that a file may use; `used` gathers those that it did use."""

    variables: Mapping[str, str]
    secrets: frozenset[str]
    home: str = "the inventory"
    used: set[str] = field(default_factory=set)

    def value(self, name: str) -> str | None:
        """Return a name's text in escaped form, or None if nobody gave one."""
        self.used.add(name)
        if name in self.secrets:
            return f"${{{name}}}"
        return escaped(self.variables[name]) if name in self.variables else None


@dataclass(frozen=True, slots=True)
class Filled:
    """A text with its variables filled in, escaped, and what went wrong."""

    text: str
    problems: tuple[Problem, ...] = ()


def fill(text: str, scope: Scope) -> Filled:
    """Fill in the variables of a text."""
    if "$" not in text:
        return Filled(text)
    problems: list[Problem] = []
    filled = "".join(_pieces(text, scope, problems, 0, 0))
    return Filled(filled, tuple(problems))


def escaped(text: str) -> str:
    """Return plain text in escaped form."""
    return text.replace("$", "$$")


def unescaped(text: str) -> str:
    """Return text in escaped form as a reader sees it; secrets stay references."""
    return text.replace("$$", "$")


def secrets_in(text: str) -> list[str]:
    """Return the secrets that a text in escaped form refers to."""
    return [match[1] for match in REFERENCE.finditer(text) if match[1]]


def without_secrets(text: str) -> str:
    """Return a text in escaped form with its secrets taken out."""
    return REFERENCE.sub(lambda match: "" if match[1] else match[0], text)


def is_one_variable(text: str) -> bool:
    """Say whether a text as written is exactly one variable."""
    if text.startswith("${"):
        return _closing(text, 1) == len(text) - 1
    return text.startswith("$") and NAME.fullmatch(text[1:]) is not None


def _pieces(text: str, scope: Scope, problems: list[Problem], base: int, depth: int) -> Iterator[str]:
    at = 0
    while (dollar := text.find("$", at)) >= 0:
        yield text[at:dollar]
        following = text[dollar + 1 : dollar + 2]
        if following == "{":
            end = _closing(text, dollar + 1)
            at = end + 1 if end > 0 else len(text)
            yield _braced(text[dollar + 2 : end] if end > 0 else "", scope, problems, base + dollar, depth)
        elif match := NAME.match(text, dollar + 1):
            at = match.end()
            yield _required(match[0], "", scope, problems, base + dollar)
        else:
            at = dollar + 1 + (following == "$")
            yield "$$"
    yield text[at:]


def _closing(text: str, opening: int) -> int:
    """Return where the brace opened here is closed, or -1."""
    depth = 0
    for at in range(opening, len(text)):
        depth += (text[at] == "{") - (text[at] == "}")
        if depth == 0:
            return at
    return -1


def _braced(body: str, scope: Scope, problems: list[Problem], offset: int, depth: int) -> str:
    match = BRACED.fullmatch(body)
    if match is None or depth > DEEPEST:
        _note(problems, offset, "`$` begins no variable", "write `$$` for a dollar sign, `${NAME}` for a variable")
        return ""
    name, operator, rest = match[1], match[2] or "", match[3] or ""
    if operator in ("", "?", ":?"):
        return _required(name, operator, scope, problems, offset, rest)
    value = scope.value(name)
    given = value is not None and not (operator[0] == ":" and value == "")
    if _holds_a_brace(rest):
        _note(problems, offset, f"a brace in the default of `{name}`: versions of Compose differ", "put the text into a variable")
    inner: list[Problem] = []
    text = "".join(_pieces(rest, scope, inner, offset + 3 + len(name) + len(operator), depth + 1))
    used = given == operator.endswith("+")
    problems += [problem for problem in inner if used or problem.matters]
    return text if used else value or ""


def _note(problems: list[Problem], offset: int, message: str, hint: str, *, matters: bool = True) -> None:
    if len(problems) < MOST_PROBLEMS:
        problems.append(Problem(offset, message, hint, matters))


def _holds_a_brace(text: str) -> bool:
    """Say whether a brace is there that belongs to no `${…}`."""
    depth = 0
    for found in BRACES.finditer(text):
        depth += -1 if found[0] == "}" else 1
        if found[0] == "{" or depth < 0:
            return True
    return depth > 0


def _required(name: str, operator: str, scope: Scope, problems: list[Problem], offset: int, reason: str = "") -> str:
    value = scope.value(name)
    if value is None and len(problems) < MOST_PROBLEMS:
        known = sorted({*scope.variables, *scope.secrets})
        why = f" ({short(reason)})" if reason and "$" not in reason else ""
        hint = _where_to_add(name, known, scope.home)
        _note(problems, offset, f"variable `{name}` has no value{why}", hint, matters=bool(operator))
    elif value == "" and operator == ":?":
        _note(problems, offset, f"variable `{name}` is empty", f"give it a value in {scope.home}")
    return value or ""


def _where_to_add(name: str, known: list[str], home: str) -> str:
    near = nearest(name, known)
    add = f"add it to `variables` or `secrets` in {home}"
    return f"{near} Else {add}" if near else add
