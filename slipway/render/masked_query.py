"""Hide the values of a stack's `mask_query` in the edge's log, on top of those that the edge hides for everybody.

Each map hides one more value; what the rounds leave is hidden whole.
"""

import re
from itertools import pairwise

from ..errors import ReleaseRefused
from ..model import Stack
from .nginx_text import variable
from .rows import MapRow

HIDDEN_BY_THE_EDGE = "masked_args"
ROUNDS = 4
HIDDEN = r"(?!\*\*\*(?:&|$))"  # not hidden yet


def name(stack: Stack) -> str:
    """Return the variable that holds the query as the log shows it."""
    return _name(stack, "masked") if stack.mask_query else HIDDEN_BY_THE_EDGE


def maps(stack: Stack) -> list[MapRow]:
    """Return the maps that hide the values, the last one named by `name`."""
    if not stack.mask_query:
        return []
    words = "|".join(map(_word, stack.mask_query))
    one = f'"~*^(?<edge_before>(?:.*&)?(?:{words})=){HIDDEN}[^&]+(?<edge_after>.*)$"'
    left = f'"~*(?:^|&)(?:{words})={HIDDEN}[^&]"'
    chain = [HIDDEN_BY_THE_EDGE, *(_name(stack, f"masked_{index}") for index in range(1, ROUNDS + 1))]
    rounds = [_map(source, result, one, '"${edge_before}***${edge_after}"') for source, result in pairwise(chain)]
    return [*rounds, _map(chain[-1], name(stack), left, '"***"')]


def _word(word: str) -> str:
    """Return a word as part of a pattern; refused where it could end the pattern."""
    if not re.fullmatch(r"[A-Za-z0-9!#%&'*+.^_|~-]+", word):
        raise ReleaseRefused(f"mask_query: {word!r} is no name of a query value", "correct it in the stack file")
    return re.escape(word)


def _map(source: str, result: str, pattern: str, value: str) -> MapRow:
    return MapRow(result, f"${source}", (("default", f"${source}"), (pattern, value)))


def _name(stack: Stack, what: str) -> str:
    return variable(stack.name, "query", what)
