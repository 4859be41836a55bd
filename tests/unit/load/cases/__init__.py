"""All cases of all rules, by the page's sections."""

from tests.unit.load.cases import (
    compose_words,
    edge,
    inventory_words,
    refused_keys,
    services,
    stack_words,
    stores,
    watch,
)
from tests.unit.load.cases.case import Case

SECTIONS: list[tuple[str, list[Case]]] = [
    (section.TITLE, section.CASES)
    for section in (compose_words, refused_keys, services, stack_words, edge, stores, watch, inventory_words)
]
CASES = [case for _, cases in SECTIONS for case in cases]
