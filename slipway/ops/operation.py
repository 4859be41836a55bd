"""What every verb of `fab` has in common: help, exit codes, errors that say what to do next."""

import functools
import json
import logging
import sys
from collections.abc import Callable, Mapping, Sequence
from inspect import Parameter, Signature, signature
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


def operation(free: str = "", /, **options: str) -> Callable[[Verb], Verb]:
    """Make a verb of a function; keywords are the help texts of its options, `free` one that may stand without its name."""

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

        if free and has_free_word(sys.argv, verb.__name__, valued(signature(verb))):
            # Invoke knows no word that may be left out: it takes words where a parameter has no default.
            guarded.__signature__ = without_default(signature(verb), free)  # type: ignore[attr-defined]
        made: Verb = task(guarded, help=options, auto_shortflags=False)
        return made

    return decorate


def valued(options: Signature) -> set[str]:
    """Return the options that take a value."""
    return {written(name) for name, option in options.parameters.items() if not isinstance(option.default, bool)}


def written(parameter: str) -> str:
    """Return an option as people write it: `--dry-run` for `dry_run`, `--from` for `from_`."""
    return f"--{parameter.strip('_').replace('_', '-')}"


def has_free_word(words: Sequence[str], verb: str, valued: set[str]) -> bool:
    """Say whether a command line holds a word after its verb that belongs to no option."""
    rest = iter(words[words.index(verb) + 1 :] if verb in words else ())
    for word in rest:
        if not word.startswith("-"):
            return True
        if word in valued:
            next(rest, None)
    return False


def without_default(options: Signature, free: str) -> Signature:
    """Return a signature of which one parameter must be given."""
    found = options.parameters
    return options.replace(parameters=[found[n].replace(default=Parameter.empty) if n == free else found[n] for n in found])


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


def tell(text: str) -> None:
    """Say how far a verb is, beside its answer."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


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
    options = {name: set(map(written, list(signature(verbs[name].body).parameters)[1:])) for name in verbs.task_names}
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
