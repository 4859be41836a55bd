"""Read the words of a `host_files` task into the request a host understands. Pure: readers and renderers come in as functions.

The words are those of Ansible's `template` and `copy`, for a set of files; `plugins/modules/host_files.py` documents them.
"""

import json
import posixpath
import re
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import PurePosixPath
from typing import Any

from .errors import SlipwayError
from .host_entries import Entry, entry_json

CONTENTS = ("src", "content", "json")
FILE_WORDS = {"dest", "mode", "owner", "group", "secret", "force", "backup", "each", *CONTENTS}
FOLDER_WORDS = {"path", "mode", "owner", "group"}
LINK_WORDS = {"dest", "src"}
SET_WORDS = {"files", "folders", "links", "absent", "exclusive", "validate", "guard", "known"}
GUARD_WORDS = {"name", "seconds", "undo"}
PROGRAM = ("host_brought", "host_entries", "host_guard", "host_judge", "host_strokes")
TEMPLATE = ".j2"  # the end of a src that is rendered; any other is copied verbatim

Item = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Sources:
    """Where contents come from, relative to the role that asks."""

    render: Callable[[str, Mapping[str, Any]], str]  # template, extra variables -> text
    read: Callable[[str], Mapping[str, bytes]]  # file -> {"": content}; folder -> {name: content}


def request(arguments: Mapping[str, Any], sources: Sources, *, check: bool, diff: bool) -> dict[str, Any]:
    """Return the request in JSON; raise SlipwayError with the first word that does not fit."""
    _known(arguments, SET_WORDS, "host_files")
    entries = [entry for item in _items(arguments, "folders") for entry in [_folder(item)]]
    entries += [entry for item in _items(arguments, "files") for entry in _files(item, sources)]
    entries += [_link(item) for item in _items(arguments, "links")]
    entries += [Entry(_path(path)) for path in _items(arguments, "absent")]
    _fit_together(entries)
    return {
        "entries": [entry_json(entry) for entry in entries],
        "exclusive": [_path(path) for path in _items(arguments, "exclusive")],
        "validate": [str(word) for word in _items(arguments, "validate")],
        "guard": _guard(arguments.get("guard")),
        "check": check,
        "diff": diff,
    }


def _fit_together(entries: Sequence[Entry]) -> None:
    paths = [entry.path for entry in entries]
    if twice := sorted({path for path in paths if paths.count(path) > 1}):
        raise SlipwayError(f"host_files: {', '.join(twice)} is named twice", "name each path once")
    leaves = {entry.path for entry in entries if entry.kind != "folder"}
    for path in paths:
        if above := leaves & {str(parent) for parent in PurePosixPath(path).parents}:
            raise SlipwayError(f"host_files: {path} is below {above.pop()}, which is no folder", "name one of the two")


def _guard(given: Any) -> dict[str, Any] | None:
    if given is None:
        return None
    if not isinstance(given, Mapping) or set(given) != GUARD_WORDS:
        raise SlipwayError("host_files: guard", f"give it {', '.join(sorted(GUARD_WORDS))}")
    if not re.fullmatch(r"[a-z][a-z0-9-]*", str(given["name"])):  # part of a unit's name and of a path
        raise SlipwayError(f"host_files: guard {given['name']!r}", "name it with small letters, digits and dashes")
    undo = [[str(word) for word in argv] for argv in given["undo"]]
    return {"name": str(given["name"]), "seconds": int(given["seconds"]), "undo": undo}


def message(wanted: Mapping[str, Any]) -> bytes:
    """Return what the program on the host reads."""
    return zlib.compress(json.dumps(wanted).encode())


def nothing_to_do(wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answer of a host where all is right, for one that need not be asked."""
    armed = {"armed": False} if wanted["guard"] and not wanted["check"] else {}
    return {"changed": False, "paths": [], "not_judged": [], **({"diff": []} if wanted["diff"] else {}), **armed}


def read_answer(code: int, output: str, errors: str) -> dict[str, Any]:
    """Return the host's answer as the result of a task."""
    data = next((data for line in reversed(output.splitlines()) if (data := _answer(line))), None)
    if data is None:
        said = (errors or output).strip()[-2000:]
        return {"failed": True, "msg": f"host_files ended with {code} on the host:\n{said}{_next_step(code)}"}
    if "refused" in data:
        return {"failed": True, "msg": data["refused"]}
    warnings = [f"not judged: {reason}" for reason in data.get("not_judged", [])]
    warnings += [f"an earlier change did not last: {data['put_back']}"] if "put_back" in data else []
    return {**data, "warnings": warnings} if warnings else data


def on_probation(answer: Mapping[str, Any], guard: Mapping[str, Any] | None) -> str:
    """Return what a person shall know before the connection may be gone; nothing where no guard is armed."""
    if not guard or not answer.get("armed"):
        return ""
    return (
        f"on probation: the host puts this back by itself after {guard['seconds']} s unless a new login confirms {guard['name']}"
    )


def _answer(line: str) -> dict[str, Any] | None:
    with suppress(ValueError):
        data = json.loads(line)
        return data if isinstance(data, dict) and {"refused", "changed"} & set(data) else None
    return None


def _next_step(code: int) -> str:
    return "\n  next: install python3 on the host" if code == 127 else ""


def _items(arguments: Mapping[str, Any], word: str) -> list[Any]:
    value = arguments.get(word) or []
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise SlipwayError(f"host_files: {word} is a {type(value).__name__}", f"write {word} as a list")
    return list(value)


def _known(item: Any, words: set[str], where: str) -> None:
    if not isinstance(item, Mapping):
        raise SlipwayError(f"{where}: {item!r}", f"write it with the words {', '.join(sorted(words))}")
    for word in sorted(set(item) - words):
        close = get_close_matches(word, words, 1)
        meant = f"did you mean {close[0]}" if close else f"the words are {', '.join(sorted(words))}"
        raise SlipwayError(f"{where}: unknown {word}", meant)


def _path(value: Any) -> str:
    if not isinstance(value, str) or value != posixpath.normpath(value) or not re.fullmatch(r"/[^/\0\n][^\0\n]*", value):
        raise SlipwayError(f"host_files: {value!r} is not an absolute path of a file", "write the whole path")
    return str(value)


def _flag(item: Item, word: str, *, default: bool) -> bool:
    value = item.get(word, default)
    if not isinstance(value, bool):
        raise SlipwayError(f"{item.get('dest')}: {word} {value!r}", "write true or false")
    return value


def _mode(item: Item, default: str) -> int:
    value = item.get("mode", default)
    if not isinstance(value, str) or not re.fullmatch(r"[0-7]{4}", value):
        raise SlipwayError(f"{item.get('dest', item.get('path'))}: mode {value!r}", 'write four octal digits as text: "0644"')
    return int(value, 8)


def _owned(item: Item) -> tuple[str, str]:
    owner = str(item.get("owner", "root"))
    return owner, str(item.get("group", owner))


def _folder(item: Item) -> Entry:
    _known(item, FOLDER_WORDS, "folders")
    return Entry(_path(item.get("path")), "folder", b"", _mode(item, "0755"), *_owned(item))


def _link(item: Item) -> Entry:
    _known(item, LINK_WORDS, "links")
    if not isinstance(item.get("src"), str) or not item["src"]:
        raise SlipwayError(f"{item.get('dest')}: src {item.get('src')!r}", "give what the link leads to")
    return Entry(_path(item.get("dest")), "link", item["src"].encode())


def _files(item: Item, sources: Sources) -> Iterator[Entry]:
    _known(item, FILE_WORDS, "files")
    where = _path(item.get("dest"))
    given = [word for word in CONTENTS if word in item]
    if len(given) != 1:
        raise SlipwayError(f"{where}: {len(given)} of {', '.join(CONTENTS)} given", "give exactly one")
    flags = (_flag(item, "secret", default=False), _flag(item, "force", default=True), _flag(item, "backup", default=False))
    for path, content in _contents(where, item, given[0], sources):
        yield Entry(_path(path), "file", content, _mode(item, "0644"), *_owned(item), *flags)


def _contents(path: str, item: Item, word: str, sources: Sources) -> Iterator[tuple[str, bytes]]:
    value = item[word]
    if "each" in item and not (word == "src" and str(value).endswith(TEMPLATE)):
        raise SlipwayError(f"{path}: each without a template", f"give it a src that ends in {TEMPLATE}")
    if word == "json":
        yield path, (json.dumps(value, indent=2, sort_keys=True) + "\n").encode()
    elif word == "content":
        yield path, _text(path, value)
    elif "each" in item:
        for key, one in _mapping(path, item["each"]).items():
            yield path.replace("{key}", _name(path, str(key))), sources.render(value, {"key": key, "value": one}).encode()
    elif str(value).endswith(TEMPLATE):
        yield path, sources.render(value, {}).encode()
    else:
        for name, content in sources.read(str(value)).items():
            yield f"{path}/{name}" if name else path, content


def _mapping(path: str, value: Any) -> Mapping[Any, Any]:
    if not isinstance(value, Mapping) or "{key}" not in path:
        raise SlipwayError(f"{path}: each", "give a mapping, and say {key} in dest")
    return value


def _text(path: str, value: Any) -> bytes:
    if not isinstance(value, str):
        raise SlipwayError(f"{path}: content is a {type(value).__name__}, not text", "quote it, or use json")
    return value.encode(errors="surrogateescape")


def _name(path: str, key: str) -> str:
    if not key or "/" in key or key in (".", ".."):
        raise SlipwayError(f"{path}: {key!r} cannot be part of a file's name", "rename the key")
    return key
