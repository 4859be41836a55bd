"""What is written about the five systems is true: lines hold what their links say, and the words without effect are those."""

import re
from pathlib import Path

import pytest

from slipway.load import load_environment

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/systems.md"
SYSTEMS = ("epu", "palmistry", "policy", "propflow", "ps-labs-agent")
LINK = re.compile(r"\[`(?P<text>[^`]+)`\]\((?P<file>[\w./-]+)#L(?P<line>\d+)\)")
ROWS = re.compile(r"(?<=\| word \| systems \|\n\|-\|-\|\n)(?:\|.*\n)+")
STACK_FILE = re.compile(r"compose/([^/]+)/compose\.yml")


def nearest_line(folder: Path, link: re.Match[str]) -> str:
    """Return the link with the line, of those that hold its text, that lies nearest to where it pointed."""
    lines = (folder / link["file"]).read_text(encoding="utf-8").splitlines()
    found = [number for number, line in enumerate(lines, 1) if link["text"] in line]
    assert found, f"{folder.name}: no line of {link['file']} holds {link['text']!r}"
    best = min(found, key=lambda number: abs(number - int(link["line"])))
    return f"[`{link['text']}`]({link['file']}#L{best})"


@pytest.mark.parametrize("system", SYSTEMS)
def test_each_requirement_of_a_readme_leads_to_the_line_that_settles_it(system: str, request: pytest.FixtureRequest) -> None:
    page = ROOT / "compose" / system / "README.md"
    text = page.read_text(encoding="utf-8")
    wanted = LINK.sub(lambda link: nearest_line(page.parent, link), text)
    if request.config.getoption("--update-golden", default=False):
        page.write_text(wanted, encoding="utf-8")
    assert len(LINK.findall(text)) > 20
    assert page.read_text(encoding="utf-8") == wanted


def words_without_effect() -> dict[str, set[str]]:
    """Return the stack files' words that the loader calls not in force, and the systems that use them."""
    found: dict[str, set[str]] = {}
    for name in ("fleet", "systems"):
        for note in load_environment(ROOT / "inventory" / name, ROOT / "compose").waiting:
            if folder := STACK_FILE.fullmatch(note.file):
                word = re.sub(r"\[\d+\]", "[]", note.path.partition("x-slipway.")[2])
                found.setdefault(word, set()).add(folder[1])
    return found


def test_the_page_lists_the_words_without_effect(request: pytest.FixtureRequest) -> None:
    rows = "".join(f"| `{word}` | {', '.join(sorted(who))} |\n" for word, who in sorted(words_without_effect().items()))
    wanted = ROWS.sub(lambda _: rows, PAGE.read_text(encoding="utf-8"))
    if request.config.getoption("--update-golden", default=False):
        PAGE.write_text(wanted, encoding="utf-8")
    assert rows in PAGE.read_text(encoding="utf-8")


def test_the_page_has_a_row_for_each_capability() -> None:
    rows = re.findall(r"^\| (F\d\d) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert rows == [f"F{number:02d}" for number in range(1, 64)]
