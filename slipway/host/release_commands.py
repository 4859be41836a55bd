"""The commands about releases: what there was, what differs, the way back, and following a run."""

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from ..errors import HostError
from ..plan import counts as plan_counts
from . import (
    canary,
    clock,
    history,
    locked,
    maintenance,
    meeting,
    one_off,
    records,
    resolve,
    restart,
    resume,
    rollback,
    scale,
    submit,
)
from .journal import Entry
from .layout import StackFolder
from .machine import Machine, Work
from .preview import Preview, preview
from .together import WORDS

CHANGES_FOUND = 6
LARGEST = 32 << 20
Arguments = argparse.Namespace
Command = Callable[[Machine, Arguments], int]
Add = Callable[..., argparse.ArgumentParser]


def add(commands: Any, new: Add) -> None:
    """Add these commands; `new` makes one."""
    asked = new(commands, "submit", _submit, "run the request on standard input and follow it", "stack")
    _add_following(asked)
    back = new(commands, "rollback", _rollback, "go back to a release, with the secrets on standard input", "stack")
    _add_following(back)
    back.add_argument("--check", action="store_true", help="only say what it would change")
    met = new(commands, "together", _together, "say a word about a release of several hosts, or look how it stands", "stack")
    met.add_argument("called", help="what the hosts call it")
    met.add_argument("word", choices=WORDS)
    met.add_argument("--why", default="", help="why it goes back")
    met.add_argument("--events", action="store_true", help="tell each step on standard output, as JSON")
    for verb, what in ((canary.PROMOTE, "have a canary serve all visitors"), (canary.ABORT, "take a canary back")):
        _add_following(new(commands, verb, _end_canary, f"{what}; who and why on standard input", "stack"))
    new(commands, "follow", _follow, "follow the run that is at work", "stack")
    new(commands, "plan", _plan, "say what the request on standard input would change", "stack")
    new(commands, "releases", _releases, "say which releases there were, as JSON", "stack")
    compared = new(commands, "diff", _diff, "say what differs between two releases, as JSON", "stack")
    compared.add_argument("before", type=int)
    compared.add_argument("after", type=int)
    new(commands, "resolve", _resolve, "say which digests the images of the request on standard input have today", "stack")
    _add_beside(commands, new)


def _add_beside(commands: Any, new: Add) -> None:
    """Add the commands that release nothing."""
    errand = new(commands, "task", _task, "run a task, or a command in a new container of a service", "stack", "service")
    errand.add_argument("--seconds", type=int, default=0, help="how long it may take")
    errand.add_argument("argv", nargs="*", help="the command, behind --")
    _add_choosing(commands, new)
    shut = new(commands, "lock", _lock, "release nothing until it is unlocked", "stack")
    shut.add_argument("--who", default="")
    shut.add_argument("--why", default="")
    new(commands, "unlock", _unlock, "release again", "stack")
    shut_off = new(commands, "maintenance", _maintenance, "show visitors a page instead of a stack, or the stack again", "stack")
    shut_off.add_argument("wanted", choices=("on", "off", "show"))
    new(commands, "shell", _shell, "open a shell in a running container of a service", "stack", "service")


def _add_choosing(commands: Any, new: Add) -> None:
    again = new(commands, "restart", _restart, "start what serves anew, or services of it in their place", "stack")
    again.add_argument("services", nargs="*", help="all as a release of its own where none is named")
    _add_following(again)
    counted = new(commands, "scale", _scale, "say how many replicas run, or have other counts: SERVICE=COUNT …", "stack")
    counted.add_argument("counts", nargs="*", help="such as api=3; who and why on standard input")
    _add_following(counted)


def _add_following(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--events", action="store_true", help="tell each step on standard output, as JSON")
    parser.add_argument("--no-wait", action="store_true", help="do not wait for the end")


def _submit(machine: Machine, arguments: Arguments) -> int:
    return _run(machine, arguments, _asked())


def _rollback(machine: Machine, arguments: Arguments) -> int:
    work = resume.in_force(Work(machine, machine.layout.stack(arguments.stack)))
    words = rollback.words(work, _asked())
    if arguments.check:
        return _show(_previewed(machine, arguments.stack, words))
    return _run(machine, arguments, words)


def _end_canary(machine: Machine, arguments: Arguments) -> int:
    work = Work(machine, _known(machine, arguments.stack))
    return _run(machine, arguments, canary.words(work, _asked(), arguments.name))


def _run(machine: Machine, arguments: Arguments, words: Mapping[str, Any]) -> int:
    if arguments.no_wait:
        return _answer(submit.begin(machine, arguments.stack, words))
    result = submit.submit(machine, arguments.stack, words, _event if arguments.events else None)
    return _answer(meeting.named(machine, arguments.stack, result) if words.get("together") else result)


def _task(machine: Machine, arguments: Arguments) -> int:
    errand = one_off.Errand(arguments.service, tuple(arguments.argv), arguments.seconds)
    return one_off.run(machine, arguments.stack, errand)


def _restart(machine: Machine, arguments: Arguments) -> int:
    work = resume.in_force(Work(machine, _known(machine, arguments.stack)))
    return _run(machine, arguments, restart.words(work, _asked(), arguments.services))


def _scale(machine: Machine, arguments: Arguments) -> int:
    work = Work(machine, _known(machine, arguments.stack))
    if not arguments.counts:
        print_line(json.dumps(scale.rows(work)))
        return 0
    wanted = plan_counts.asked(arguments.counts)
    return _run(machine, arguments, scale.words(resume.in_force(work), _asked(), wanted))


def _lock(machine: Machine, arguments: Arguments) -> int:
    by = locked.Locked(machine.asker.signed(arguments.who), clock.now(), arguments.why)
    locked.lock(_known(machine, arguments.stack), by)
    print_line(f"{arguments.stack} is locked")
    return 0


def _unlock(machine: Machine, arguments: Arguments) -> int:
    found = locked.unlock(_known(machine, arguments.stack))
    print_line(f"{arguments.stack} is unlocked; it was locked by {found}" if found else f"{arguments.stack} was not locked")
    return 0


def _maintenance(machine: Machine, arguments: Arguments) -> int:
    print_line(json.dumps(maintenance.asked(machine, arguments.stack, arguments.wanted, _asked())))
    return 0


def _known(machine: Machine, name: str) -> StackFolder:
    folder = machine.layout.stack(name)
    if folder not in machine.layout.stacks():
        raise HostError(f"nothing was ever deployed of {name} here", f"fab deploy {name}")
    return folder


def _shell(machine: Machine, arguments: Arguments) -> int:
    argv = one_off.shell(machine, arguments.stack, arguments.service, terminal=sys.stdin.isatty())
    os.execvp(argv[0], argv)  # noqa: S606 - an argv list, no shell


def _follow(machine: Machine, arguments: Arguments) -> int:
    return _answer(submit.follow(machine, arguments.stack, _event))


def _together(machine: Machine, arguments: Arguments) -> int:
    hear = _event if arguments.events else submit.saying(machine)
    return _answer(meeting.speak(machine, arguments.stack, arguments.called, (arguments.word, arguments.why), hear))


def _plan(machine: Machine, arguments: Arguments) -> int:
    return _show(_previewed(machine, arguments.stack, _asked()))


def _previewed(machine: Machine, stack: str, words: Mapping[str, Any]) -> Preview:
    request, values = records.request_of(words, clock.now())
    return preview(Work(machine, machine.layout.stack(stack)), request, values)


def _show(shown: Preview) -> int:
    print_line(json.dumps(asdict(shown.result) | {"found": shown.found}))
    return shown.result.code or (CHANGES_FOUND if shown.result.changed else 0)


def _releases(machine: Machine, arguments: Arguments) -> int:
    print_line(json.dumps(history.as_json(history.releases(machine.layout.stack(arguments.stack)))))
    return 0


def _diff(machine: Machine, arguments: Arguments) -> int:
    folder = machine.layout.stack(arguments.stack)
    found = history.differences(folder, arguments.before, arguments.after)
    work = Work(machine, folder).with_generations(*history.generations(folder, arguments.before, arguments.after))
    print_line(json.dumps(work.masked([asdict(change) for change in found])))
    return 0


def _resolve(machine: Machine, arguments: Arguments) -> int:  # noqa: ARG001 - the form of every command
    print_line(json.dumps(resolve.digests(machine, _asked())))
    return 0


def _asked() -> dict[str, Any]:
    """Return what stands on standard input; whoever may ask at all may send anything."""
    try:
        found = json.loads(sys.stdin.read(LARGEST))
    except (ValueError, RecursionError) as error:
        raise records.OtherVersion(f"standard input holds no request: {error}", records.SAME_VERSION) from error
    if not isinstance(found, dict):
        raise records.OtherVersion("standard input holds no request", records.SAME_VERSION)
    return found


def _answer(result: Mapping[str, Any]) -> int:
    print_line(json.dumps(result))
    return int(result.get("code", 0))


def _event(entry: Entry) -> None:
    print_line(json.dumps(entry))


def print_line(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
