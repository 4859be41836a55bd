"""Our own corpus: stack files that hold every construct, the values they are read with, and Compose's recorded answers."""

import dataclasses
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import yaml

from .ours import Reading, read
from .theirs import SETTINGS, Answer, Cli, ask

FOLDER = Path(__file__).parent / "corpus"
RECORDS = Path(__file__).parent / "records"
VARIABLES = {
    **SETTINGS,
    "RELEASE": "1.4.2",
    "WORDS": "two words",
    "PORT": "8080",
    "EMPTY": "",
    "MONEY": "a$b$${c}",
    "CPUS": "0.5",
    "COUNT": "3",
    "SIZE": "64m",
    "TIME": "90s",
    "TRUTH": "true",
}
SECRETS = {"DB_PASSWORD": "only a test's"}
AT_ONCE = 4


def accepted() -> dict[str, bytes]:
    """Return the files that both read, by their names."""
    return {path.stem: path.read_bytes() for path in sorted(FOLDER.glob("*.yml"))}


def refused() -> dict[str, bytes]:
    """Return the texts that are refused, by what is wrong in them."""
    return {name: text.encode() for name, text in yaml.safe_load((FOLDER / "refused.yaml").read_text()).items()}


def versions() -> list[str]:
    """Return the versions of Compose whose answers are recorded."""
    return sorted(path.stem for path in RECORDS.glob("*.json"))


def reading(data: bytes) -> Reading:
    """Return our reading of a stack file."""
    return read(data, "compose.yml", VARIABLES, FOLDER, SECRETS)


def answer(cli: Cli, data: bytes) -> Answer:
    """Return what a real Compose makes of a stack file."""
    return ask(cli, data, {**VARIABLES, **SECRETS})


def answers(cli: Cli) -> dict[str, dict[str, Answer]]:
    """Return what a real Compose makes of the whole corpus."""
    parts = {"accepted": accepted(), "refused": refused()}
    with ThreadPoolExecutor(AT_ONCE) as pool:  # most of the time is spent on starting programs
        asked = {part: {name: pool.submit(answer, cli, data) for name, data in texts.items()} for part, texts in parts.items()}
    return {part: {name: found.result() for name, found in items.items()} for part, items in asked.items()}


def recorded(version: str) -> dict[str, dict[str, Answer]]:
    """Return a version's recorded answers."""
    found = json.loads((RECORDS / f"{version}.json").read_text())
    return {part: {name: Answer(**item) for name, item in items.items()} for part, items in found.items()}


def record(version: str, found: dict[str, dict[str, Answer]]) -> None:
    """Write down a version's answers."""
    plain = {part: {name: dataclasses.asdict(item) for name, item in items.items()} for part, items in found.items()}
    (RECORDS / f"{version}.json").write_text(json.dumps(plain, indent=1, sort_keys=True, ensure_ascii=False) + "\n")
