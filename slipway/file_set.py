"""Read the words of a `host_files` task into the request a host understands. Pure: readers and renderers come in as functions.

The words are those of Ansible's `template`, for a set of files; what they mean is documented in `plugins/modules/host_files.py`.
"""

import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .errors import SlipwayError
from .host_entries import Entry, entry_json

CONTENTS = ("template", "source", "content", "json")
FILE_WORDS = {"path", "mode", "owner", "group", "secret", "once", "each", *CONTENTS}
FOLDER_WORDS = {"path", "mode", "owner", "group"}
LINK_WORDS = {"path", "target"}
SET_WORDS = {"files", "folders", "links", "absent", "exclusive", "validate", "guard"}
PROGRAM = ("__init__", "host_entries", "host_files", "host_guard")
MAIN = "import sys\nfrom slipway.host_files import main\nsys.exit(main(sys.argv[1:]))\n"
LAUNCH = (
    "import os,sys;i=sys.stdin.buffer;f=os.memfd_create('slipway');os.write(f,i.read(int(i.readline())));"
    "sys.path.insert(0,'/proc/self/fd/%d'%f);from slipway.host_files import main;sys.exit(main())"
)

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
    twice = sorted({entry.path for entry in entries if [other.path for other in entries].count(entry.path) > 1})
    if twice:
        raise SlipwayError(f"host_files: {', '.join(twice)} is named twice", "name each path once")
    return {
        "entries": [entry_json(entry) for entry in entries],
        "exclusive": _items(arguments, "exclusive"),
        "validate": [str(word) for word in _items(arguments, "validate")],
        "guard": arguments.get("guard"),
        "check": check,
        "diff": diff,
    }


def program(modules: Mapping[str, str]) -> bytes:
    """Return the archive that runs on the host, from the texts of its modules."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("__main__.py", MAIN)
        for name in PROGRAM:
            file.writestr(f"slipway/{name}.py", modules[name])
    return archive.getvalue()


def message(archive: bytes, wanted: Mapping[str, Any]) -> bytes:
    """Return what the launcher reads from standard input: the length of the archive, the archive, the request."""
    return b"%d\n" % len(archive) + archive + json.dumps(wanted).encode()


def read_answer(code: int, output: str, errors: str) -> dict[str, Any]:
    """Return the host's answer as the result of a task."""
    lines = output.strip().splitlines()
    if not lines or not lines[-1].startswith("{"):
        return {"failed": True, "msg": f"host_files ended with {code} on the host:\n{(errors or output).strip()[-2000:]}"}
    data: dict[str, Any] = json.loads(lines[-1])
    if "refused" in data:
        return {"failed": True, "msg": data["refused"]}
    warnings = [f"not judged: {reason}" for reason in data.get("not_judged", [])]
    return {**data, "warnings": warnings} if warnings else data


def _items(arguments: Mapping[str, Any], word: str) -> list[Any]:
    value = arguments.get(word) or []
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise SlipwayError(f"host_files: {word} is a {type(value).__name__}", f"write {word} as a list")
    return list(value)


def _known(item: Mapping[str, Any], words: set[str], where: str) -> None:
    if unknown := sorted(set(item) - words):
        raise SlipwayError(f"{where}: unknown {', '.join(unknown)}", f"the words are {', '.join(sorted(words))}")


def _path(value: Any) -> str:
    if not isinstance(value, str) or not value.startswith("/") or value.endswith("/") or "/../" in value:
        raise SlipwayError(f"host_files: {value!r} is not an absolute path of a file", "write the whole path")
    return str(value)


def _mode(item: Item, default: str) -> int:
    value = item.get("mode", default)
    if not isinstance(value, str) or not re.fullmatch(r"[0-7]{4}", value):
        raise SlipwayError(f"{item.get('path')}: mode {value!r}", 'write four octal digits as text: "0644"')
    return int(value, 8)


def _folder(item: Item) -> Entry:
    _known(item, FOLDER_WORDS, f"{item.get('path')}")
    owner = str(item.get("owner", "root"))
    return Entry(_path(item.get("path")), "folder", mode=_mode(item, "0755"), owner=owner, group=str(item.get("group", owner)))


def _link(item: Item) -> Entry:
    _known(item, LINK_WORDS, f"{item.get('path')}")
    return Entry(_path(item.get("path")), "link", str(item["target"]).encode())


def _files(item: Item, sources: Sources) -> Iterator[Entry]:
    where = str(item.get("path"))
    _known(item, FILE_WORDS, where)
    given = [word for word in CONTENTS if word in item]
    if len(given) != 1:
        raise SlipwayError(f"{where}: {len(given)} of {', '.join(CONTENTS)} given", "give exactly one")
    mode, owner = _mode(item, "0644"), str(item.get("owner", "root"))
    rest = {"owner": owner, "group": str(item.get("group", owner))}
    for path, content in _contents(item, given[0], sources):
        yield Entry(_path(path), "file", content, mode, secret=bool(item.get("secret")), once=bool(item.get("once")), **rest)


def _contents(item: Item, word: str, sources: Sources) -> Iterator[tuple[str, bytes]]:
    path, value = str(item["path"]), item[word]
    if word == "json":
        yield path, (json.dumps(value, indent=2, sort_keys=True) + "\n").encode()
    elif word == "content":
        yield path, str(value).encode()
    elif word == "source":
        for name, content in sources.read(str(value)).items():
            yield f"{path}/{name}" if name else path, content
    elif "each" in item:
        for key, one in item["each"].items():
            yield path.replace("{key}", str(key)), sources.render(value, {"key": key, "value": one}).encode()
    else:
        yield path, sources.render(value, {}).encode()
