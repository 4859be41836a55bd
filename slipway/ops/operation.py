"""What every verb of `fab` has in common: help, exit codes, errors that say what to do next."""

import functools
import json
import logging
import sys
from collections.abc import Callable, Mapping, Sequence
from inspect import signature
from pathlib import Path
from typing import Any, TypeVar

from invoke.collection import Collection
from invoke.tasks import task

from ..errors import SlipwayError
from .suggest import did_you_mean

Verb = TypeVar("Verb", bound=Callable[..., None])


class BadOption(SlipwayError):
    """A value on the command line does not fit."""

    exit_code = 2


def operation(**options: str) -> Callable[[Verb], Verb]:
    """Make a verb of a function; keywords are the help texts of its options."""

    def decorate(verb: Verb) -> Verb:
        @functools.wraps(verb)
        def guarded(*arguments: object, **keywords: object) -> None:
            try:
                verb(*arguments, **keywords)
            except SlipwayError as error:
                stop(str(error), error.exit_code)
            except KeyboardInterrupt:
                stop("interrupted", 130)
            except Exception as error:
                if logging.getLogger("invoke").isEnabledFor(logging.DEBUG):
                    raise
                stop(
                    f"a bug: {type(error).__name__}: {error}\n  next: run it again as `fab --debug …` and report the traceback", 1
                )

        made: Verb = task(guarded, help=options, auto_shortflags=False)
        return made

    return decorate


def stop(message: str, code: int) -> None:
    """Say why on stderr and end with an exit code."""
    sys.stderr.write(f"{message}\n")
    raise SystemExit(code)


def end_with(code: int) -> None:
    """End with an exit code unless all is well."""
    if code:
        raise SystemExit(code)


def show(answer: Any) -> None:
    """Print text as it is and everything else as JSON."""
    text = answer if isinstance(answer, str) else json.dumps(answer, indent=2)
    sys.stdout.write(f"{text.rstrip()}\n" if text else "")
    sys.stdout.flush()


def number(option: str, text: str) -> int:
    """Return the whole number a person wrote for an option."""
    if not text.isascii() or not text.isdigit():
        raise BadOption(f"{option} is {text!r}, not a whole number", f"write {option} 100, for example")
    return int(text)


def answer_mistakes(words: Sequence[str], verbs: Collection) -> None:
    """End with a helpful answer where `fab` was called with an unknown verb or option; other programs are left alone."""
    if Path(words[0]).name != "fab":
        return
    # Not `verbs.to_contexts()`: that takes the help texts out of the tasks.
    options = {name: {f"--{option}" for option in list(signature(verbs[name].body).parameters)[1:]} for name in verbs.task_names}
    if wrong := mistake(words[1:], options):
        stop(wrong, 2)


def mistake(words: Sequence[str], verbs: Mapping[str, set[str]]) -> str:
    """Return what is wrong with a `fab` command line that starts with a verb, or nothing.

    Fabric itself says no more than "No idea what … is".
    """
    if not words or words[0].startswith("-") or len(set(words) & set(verbs)) > 1:
        return ""
    verb, options = words[0], [word.partition("=")[0] for word in words[1:] if word.startswith("--")]
    if verb not in verbs:
        return f"there is no verb {verb!r}{did_you_mean(verb, verbs)}\n  next: fab --list"
    if "--" in options:
        return f'`fab {verb}` takes no words after `--`\n  next: fab ssh --command "uptime"'
    known = verbs[verb] | {"--help"}
    wrong = next((option for option in options if option not in known), "")
    return f"`fab {verb}` has no option {wrong}{did_you_mean(wrong, known)}\n  next: fab --help {verb}" if wrong else ""
