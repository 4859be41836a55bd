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
from ..printable import printable
from .suggest import did_you_mean

Verb = TypeVar("Verb", bound=Callable[..., None])


class BadOption(SlipwayError):
    """A value on the command line does not fit."""

    exit_code = 2


def operation(free: str = "", /, **options: str) -> Callable[[Verb], Verb]:
    """Make a verb of a function; keywords are the help texts of its options, `free` one that may stand without its name.

    Where that one may be given several times, several words may stand for it.
    """

    def decorate(verb: Verb) -> Verb:
        @functools.wraps(verb)
        def guarded(*arguments: object, **keywords: object) -> None:
            try:
                verb(*arguments, **gathered(keywords, free, words))
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

        form, words = signature(verb), []
        if free and has_free_word(sys.argv, verb.__name__, valued(form), len(demanded(form))):
            # Invoke knows no word that may be left out: it takes words where a parameter has no default.
            count = free_words(sys.argv, verb.__name__, valued(form)) - len(demanded(form))
            words = numbered(free, count) if free in repeated(form) else []
            form = with_words(without_default(form, free), free, words)
        guarded.__signature__ = with_lists(form)  # type: ignore[attr-defined] # functions may carry one
        made: Verb = task(guarded, help=options, auto_shortflags=False, iterable=repeated(form))
        return made

    return decorate


def valued(options: Signature) -> set[str]:
    """Return the options that take a value."""
    return {written(name) for name, option in options.parameters.items() if not isinstance(option.default, bool)}


def demanded(options: Signature) -> list[str]:
    """Return the words that must stand behind a verb, without the context that Invoke hands over."""
    return [name for name, option in options.parameters.items() if option.default is Parameter.empty][1:]


def repeated(options: Signature) -> list[str]:
    """Return the options that may be given several times."""
    return [name for name, option in options.parameters.items() if isinstance(option.default, tuple)]


def with_lists(options: Signature) -> Signature:
    """Return a signature as Invoke wants it: what may be given several times has no default of its own."""
    lists, found = repeated(options), options.parameters
    return options.replace(parameters=[found[n].replace(default=None) if n in lists else found[n] for n in found])


def switches(options: Signature) -> set[str]:
    """Return the options that turn something off which is on by itself: `--no-wait`."""
    return {f"--no-{written(name)[2:]}" for name, option in options.parameters.items() if option.default is True}


def written(parameter: str) -> str:
    """Return an option as people write it: `--dry-run` for `dry_run`, `--from` for `from_`."""
    return f"--{parameter.strip('_').replace('_', '-')}"


def has_free_word(words: Sequence[str], verb: str, valued: set[str], demanded: int = 0) -> bool:
    """Say whether a command line holds a word after its verb, and those it demands, that belongs to no option."""
    return free_words(words, verb, valued) > demanded


def free_words(words: Sequence[str], verb: str, valued: set[str]) -> int:
    """Return how many words behind a verb belong to no option."""
    rest, free = iter(words[words.index(verb) + 1 :] if verb in words else ()), 0
    for word in rest:
        free += not word.startswith("-")
        if word in valued:
            next(rest, None)
    return free


def without_default(options: Signature, free: str) -> Signature:
    """Return a signature of which one parameter must be given."""
    found = options.parameters
    return options.replace(parameters=[found[n].replace(default=Parameter.empty) if n == free else found[n] for n in found])


def numbered(free: str, count: int) -> list[str]:
    """Return a name for each of several words that stand for one option; the first is the option's own."""
    return [free, *(f"{free}_{number}" for number in range(2, count + 1))]


def with_words(options: Signature, free: str, words: Sequence[str]) -> Signature:
    """Return a signature in which words stand for one parameter."""
    found = list(options.parameters.values())
    place = [one.name for one in found].index(free)
    more = [found[place].replace(name=word) for word in words[1:]]
    return options.replace(parameters=[*found[: place + 1], *more, *found[place + 1 :]])


def gathered(keywords: Mapping[str, object], free: str, words: Sequence[str]) -> dict[str, object]:
    """Return what a verb takes: several words that stand for one of its options as one."""
    kept = {name: value for name, value in keywords.items() if name not in words}
    return {**kept, free: [keywords[word] for word in words]} if words else kept


def pairs(option: str, texts: Sequence[str]) -> dict[str, str]:
    """Return what a person wrote as NAME=VALUE, each name once."""
    found: dict[str, str] = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign or not name or name in found:
            fault = f"{option} gives {name!r} twice" if name in found else f"{option} is {text!r}, not NAME=VALUE"
            raise BadOption(fault, f"write {option} API_RATE=20, for example")
        found[name] = value
    return found


def stop(message: str, code: int) -> None:
    """Say why on stderr and end with an exit code."""
    sys.stderr.write(f"{printable(message)}\n")
    raise SystemExit(code)


def end_with(code: int) -> None:
    """End with an exit code unless all is well."""
    if code:
        raise SystemExit(code)


def show(answer: Any) -> None:
    """Print text as it is and everything else as JSON."""
    text = printable(answer) if isinstance(answer, str) else json.dumps(answer, indent=2)
    sys.stdout.write(f"{text.rstrip()}\n" if text else "")
    sys.stdout.flush()


def relay(text: str) -> None:
    """Print what a program of the user's own wrote as it is, colours too."""
    sys.stdout.write(f"{text.rstrip()}\n" if text else "")
    sys.stdout.flush()


def tell(text: str) -> None:
    """Say how far a verb is, beside its answer."""
    sys.stderr.write(f"{printable(text)}\n")
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
    options = {name: _options(signature(verbs[name].body)) for name in verbs.task_names}
    if wrong := mistake(without_arguments(words[1:], verbs), options) or missing(words[1:], verbs):
        stop(wrong, 2)


def without_arguments(words: Sequence[str], verbs: Collection) -> list[str]:
    """Return a command line without the words that its first verb demands: a stack may be called like a verb."""
    form = signature(verbs[words[0]].body) if words and words[0] in verbs.task_names else Signature()
    kept, demands, takes_value = list(words[:1]), len(demanded(form)), False
    for word in words[1:]:
        if demands and not takes_value and not word.startswith("-"):
            demands -= 1
        else:
            kept.append(word)
        takes_value = not takes_value and word in valued(form)
    return kept


def missing(words: Sequence[str], verbs: Collection) -> str:
    """Return which words a verb still needs, or nothing."""
    if not words or words[0] not in verbs.task_names:
        return ""
    form = signature(verbs[words[0]].body)
    demanded = [name for name in list(form.parameters)[1:] if form.parameters[name].default is Parameter.empty]
    given = free_words(words, words[0], {word for word in valued(form) if word[2:] not in demanded})
    lacks = [] if "--help" in words and given else demanded[given:]
    return f"`fab {words[0]}` needs {' and '.join(map(str.upper, lacks))}\n  next: fab --help {words[0]}" if lacks else ""


def _options(form: Signature) -> set[str]:
    return {*map(written, list(form.parameters)[1:]), *switches(form)}


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
