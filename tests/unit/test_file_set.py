import base64
import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from slipway.errors import SlipwayError
from slipway.file_set import PROGRAM, Sources, program, read_answer, request

SOURCES = Sources(
    render=lambda name, extra: f"{name} {dict(extra)}",
    read=lambda name: {"a.conf": b"A", "b.conf": b"B"} if name == "folder" else {"": b"verbatim"},
)


def asked(**words: Any) -> dict[str, Any]:
    return request(words, SOURCES, check=False, diff=False)


def contents(wanted: Mapping[str, Any]) -> dict[str, bytes]:
    return {item["path"]: base64.b64decode(item["content"]) for item in wanted["entries"]}


def test_each_form_of_content_becomes_bytes() -> None:
    files = [
        {"path": "/t", "template": "t.j2"},
        {"path": "/s", "source": "file"},
        {"path": "/c", "content": "text\n"},
        {"path": "/j", "json": {"b": 1, "a": []}},
    ]
    assert contents(asked(files=files)) == {
        "/t": b"t.j2 {}",
        "/s": b"verbatim",
        "/c": b"text\n",
        "/j": b'{\n  "a": [],\n  "b": 1\n}\n',
    }


def test_a_folder_as_source_becomes_its_files() -> None:
    assert contents(asked(files=[{"path": "/d", "source": "folder"}])) == {"/d/a.conf": b"A", "/d/b.conf": b"B"}


def test_each_makes_one_file_per_key() -> None:
    wanted = asked(files=[{"path": "/keys/{key}", "template": "k.j2", "each": {"ann": 1}}])
    assert contents(wanted) == {"/keys/ann": b"k.j2 {'key': 'ann', 'value': 1}"}


@pytest.mark.parametrize(
    ("words", "cause"),
    [
        ({"file": []}, "unknown file"),
        ({"files": [{"path": "/a", "content": "x", "mod": "0644"}]}, "unknown mod"),
        ({"files": [{"path": "/a", "content": "x", "mode": 420}]}, "mode 420"),
        ({"files": [{"path": "/a"}]}, "0 of template, source, content, json given"),
        ({"files": [{"path": "/a", "content": "x", "template": "t"}]}, "2 of template, source, content, json given"),
        ({"files": [{"path": "etc/a", "content": "x"}]}, "not an absolute path"),
        ({"files": [{"path": "/a/../b", "content": "x"}]}, "not an absolute path"),
        ({"files": [{"path": "/a", "content": "x"}], "absent": ["/a"]}, "named twice"),
        ({"validate": "sshd -t"}, "validate is a str"),
    ],
)
def test_words_that_do_not_fit_are_refused(words: dict[str, Any], cause: str) -> None:
    with pytest.raises(SlipwayError, match=cause):
        asked(**words)


def test_the_program_for_the_host_needs_nothing_that_it_does_not_carry() -> None:
    root = Path(__file__).resolve().parents[2] / "slipway"
    archive = zipfile.ZipFile(io.BytesIO(program({name: (root / f"{name}.py").read_text() for name in PROGRAM})))
    carried = {name.removeprefix("slipway/").removesuffix(".py") for name in archive.namelist()}
    wanted = {
        line.split()[1].removeprefix(".")
        for name in archive.namelist()
        for line in archive.read(name).decode().splitlines()
        if line.startswith("from .")
    }
    assert wanted <= carried


def test_a_refusal_of_the_host_fails_the_task_with_its_words() -> None:
    assert read_answer(1, 'noise\n{"refused": "no"}\n', "") == {"failed": True, "msg": "no"}


def test_a_host_that_says_nothing_fails_the_task_with_its_errors() -> None:
    assert "no such thing" in read_answer(127, "", "no such thing")["msg"]


def test_what_could_not_be_judged_becomes_a_warning() -> None:
    assert read_answer(0, '{"changed": true, "not_judged": ["x"]}', "")["warnings"] == ["not judged: x"]
