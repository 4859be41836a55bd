"""Ask a release's image after its migration which revision the schema has, and keep the answer in the records."""

import json
from dataclasses import replace
from pathlib import Path

from ..errors import SlipwayError
from ..plan.step import Step
from . import files, records
from .containers import LOG_LINES
from .machine import Work

LATE = 124
MOST_LINES, LONGEST = 5, 100
NOTES = (" (head)", " (mergepoint)", " (branchpoint)", " (effective head)")  # Alembic's, of a moment and of one image
LOGS = ("{", "INFO ", "DEBUG ", "WARNING ", "WARN ")


def ask(work: Work, step: Step) -> None:
    """Keep the revision that a container of its own tells; that nobody can tell it is a warning, the migration has run."""
    task, file = step.arguments["task"], Path(step.arguments["file"])
    files.write(file, json.dumps(step.arguments["project"]), 0o600)
    try:
        revision, why = _asked(work, step), "it printed none"
    except SlipwayError as error:
        revision, why = "", error.cause
    finally:
        files.remove(file)
    if not revision:
        work.warn(f"the revision of the schema after {task} is not known: {why}")
    records.note_revision(work.folder, step.arguments["number"], task, revision)


def _asked(work: Work, step: Step) -> str:
    name = step.arguments["container"]
    work.crew.remove(name)
    try:
        runner = replace(work.machine.runner, environment=work.values_for(step.argv))
        runner.run(step.argv, limit_seconds=step.limit_seconds)
        if code := work.crew.wait_end(name, step.limit_seconds):
            raise work.crew.refusal(name, f"ended with {code}" if code != LATE else f"did not end within {step.limit_seconds} s")
        return told(work.mask(work.machine.docker.output(name, LOG_LINES)))
    finally:
        work.crew.remove(name)


def told(output: str) -> str:
    """Return the revision in what a command printed: its lines, without logs and without notes beside a revision."""
    lines = [line.strip() for line in output.splitlines() if line.strip() and not line.startswith(LOGS)]
    return ", ".join(_bare(line)[:LONGEST] for line in lines[-MOST_LINES:])


def _bare(line: str) -> str:
    for note in NOTES:
        line = line.replace(note, "")
    return line
