"""Compare our reading of every Compose file below a folder with Docker Compose's own: `compare.py FOLDER`.

Says for each file whether the two are equal, refused by name, or DIFFERENT with the paths; exit code 6 if any differs.
Without a folder it records what the CLI makes of our own corpus.
"""

import argparse
import contextlib
import re
import sys
import time
import zlib
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from slipway.errors import Fault
from tests.compose import corpus
from tests.compose.differences import verdict
from tests.compose.ours import Reading, read
from tests.compose.theirs import SETTINGS, Answer, Cli, ask, on_host, version

NAME = re.compile(rb"\$\{?([A-Za-z_][A-Za-z0-9_]*)(:?[-+?])?")
BARE = re.compile(rb"^\s*-\s*[\"']?([A-Za-z_][A-Za-z0-9_]*)[\"']?\s*$|^\s+([A-Z_][A-Z0-9_]*):\s*$", re.MULTILINE)
MISSING = re.compile("`(.+)` does not exist beside the stack file")
GUESSES = (
    (re.compile("PORT"), "8080"),
    (re.compile("UID|GID|ID$|COUNT|SIZE|LIMIT|CPU|REPLICAS|NUM|WORKERS"), "1000"),
    (re.compile("DIR|PATH|ROOT|VOLUME|DATA|LOCATION|FOLDER|HOME"), "./data"),
    (re.compile("MEM"), "512m"),
    (re.compile("IP$|^IP|ADDR"), "127.0.0.1"),
    (re.compile("INTERVAL|TIMEOUT|PERIOD|DURATION"), "30s"),
    (re.compile("ENABLE|DISABLE|DEBUG"), "true"),
    (re.compile("TAG|VERSION|RELEASE"), "1.2.3"),
)


@dataclass(frozen=True, slots=True)
class Compared:
    """One file's outcome."""

    name: str
    verdict: str
    lines: list[str]
    faults: tuple[Fault, ...]
    rules: tuple[Fault, ...]
    seconds: float


def main() -> int:
    """Compare all files below a folder and print what was found."""
    options = _options()
    cli = Cli((), (options.compose,)) if options.compose else on_host(options.host)
    if options.folder is None:
        corpus.record(version(cli), corpus.answers(cli))
        return 0
    files = [options.folder] if options.folder.is_file() else sorted(options.folder.rglob("*.y*ml"))
    say(f"Docker Compose {version(cli)}, {len(files)} files")
    with ThreadPoolExecutor(2) as pool:
        answers = pool.map(lambda file: ask(cli, file.read_bytes(), variables(file.read_bytes())), files)
        compared = [_compared(file, options.folder, answer) for file, answer in zip(files, answers, strict=True)]
    for one in compared:
        _show(one, options.quiet)
    _summarize(compared)
    return 6 if any(one.verdict == "DIFFERENT" for one in compared) else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", help="a folder with Compose files, or one file")
    parser.add_argument("--host", default="slipway-lab-probe", help="container whose Compose CLI is asked")
    parser.add_argument("--compose", help="a Compose program on this machine instead")
    parser.add_argument("--quiet", action="store_true", help="show files that differ only")
    return parser.parse_args()


def variables(data: bytes) -> dict[str, str]:
    """Return a value for every name a file asks for; those with a default are given or not, by the letters of the name."""
    found: dict[str, str] = {}
    for match in NAME.finditer(data):
        name, operator = match[1].decode(), match[2] or b""
        if b"-" not in operator or zlib.crc32(match[1]) % 3 == 0:
            found[name] = _guess(name)
    for match in BARE.finditer(data):
        name = (match[1] or match[2]).decode()
        found[name] = _guess(name)
    return {**found, **SETTINGS, "COMPOSE_PROJECT_NAME": "stack"}


def _guess(name: str) -> str:
    return next((value for pattern, value in GUESSES if pattern.search(name.upper())), f"a-{name.lower()}")


def _compared(file: Path, folder: Path, answer: Answer) -> Compared:
    data = file.read_bytes()
    given = variables(data)
    with TemporaryDirectory() as beside:
        reading = _with_bound_files(read(data, file.name, given, Path(beside)), data, given, Path(beside))
        started = time.thread_time()
        read(data, file.name, given, Path(beside))
        seconds = time.thread_time() - started
    outcome, lines = verdict(reading, answer)
    return Compared(
        str(file.relative_to(folder) if file != folder else file),
        outcome,
        lines,
        reading.faults,
        (*reading.names, *reading.rules),
        seconds,
    )


def _with_bound_files(reading: Reading, data: bytes, given: dict[str, str], folder: Path) -> Reading:
    """Return the reading with every bound file there, and empty."""
    missing = [match[1] for fault in reading.faults if (match := MISSING.match(fault.message))]
    for name in missing:
        with contextlib.suppress(OSError):
            (folder / name).mkdir(parents=True, exist_ok=True)
    return read(data, "compose.yml", given, folder) if missing else reading


def _show(one: Compared, quiet: bool) -> None:
    if quiet and one.verdict != "DIFFERENT":
        return
    say(f"{one.verdict:16} {one.name}")
    for line in one.lines:
        say(f"    {line}")
    if one.verdict == "refused by name":
        for fault in one.faults:
            say(f"    {fault}")


def _summarize(compared: list[Compared]) -> None:
    say("")
    for outcome, count in Counter(one.verdict for one in compared).most_common():
        say(f"{count:6} {outcome}")
    say("\nrefused, by rule (files):")
    for rule, count in Counter(rule for one in compared for rule in set(_rules(one.faults))).most_common():
        say(f"{count:6} {rule}")
    say("\nand by what Slipway asks beyond Compose (files):")
    for rule, count in Counter(rule for one in compared for rule in set(_rules(one.rules))).most_common():
        say(f"{count:6} {rule}")
    times = sorted(one.seconds for one in compared)
    say(f"\nCPU per file: median {times[len(times) // 2] * 1000:.1f} ms, most {times[-1] * 1000:.1f} ms")


def _rules(faults: tuple[Fault, ...]) -> Iterator[str]:
    for fault in faults:
        yield re.sub(r"`[^`]*`(?! is refused)", "`…`", fault.message)


def say(line: str) -> None:
    """Print a line at once."""
    print(line, flush=True)  # noqa: T201 - a program of developers


if __name__ == "__main__":
    sys.exit(main())
