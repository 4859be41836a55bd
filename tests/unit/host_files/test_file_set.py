import base64
import json
import zlib
from collections.abc import Mapping
from typing import Any

import pytest

from slipway.errors import SlipwayError
from slipway.file_set import Sources, message, read_answer, request

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
        {"dest": "/t", "src": "t.j2"},
        {"dest": "/s", "src": "file"},
        {"dest": "/c", "content": "text\n"},
        {"dest": "/j", "json": {"b": 1, "a": []}},
    ]
    assert contents(asked(files=files)) == {
        "/t": b"t.j2 {}",
        "/s": b"verbatim",
        "/c": b"text\n",
        "/j": b'{\n  "a": [],\n  "b": 1\n}\n',
    }


def test_a_folder_as_source_becomes_its_files() -> None:
    assert contents(asked(files=[{"dest": "/d", "src": "folder"}])) == {"/d/a.conf": b"A", "/d/b.conf": b"B"}


def test_each_makes_one_file_per_key() -> None:
    wanted = asked(files=[{"dest": "/keys/{key}", "src": "k.j2", "each": {"ann": 1}}])
    assert contents(wanted) == {"/keys/ann": b"k.j2 {'key': 'ann', 'value': 1}"}


def test_what_a_file_leaves_out_is_root_0644_forced_open_and_not_kept() -> None:
    (entry,) = asked(files=[{"dest": "/a", "content": "x", "owner": "ann"}])["entries"]
    told = ("kind", "mode", "owner", "group", "secret", "force", "backup")
    assert [entry[word] for word in told] == ["file", 0o644, "ann", "ann", False, True, False]


def test_a_link_says_where_it_is_and_what_it_leads_to() -> None:
    (entry,) = asked(links=[{"dest": "/l", "src": "/dev/null"}])["entries"]
    assert (entry["kind"], entry["path"], base64.b64decode(entry["content"])) == ("link", "/l", b"/dev/null")


def one(**words: Any) -> dict[str, Any]:
    return {"files": [{"dest": "/a", "content": "x", **words}]}


@pytest.mark.parametrize(
    ("words", "cause"),
    [
        ({"file": []}, "unknown file\n  next: did you mean files"),
        (one(mod="0644"), "unknown mod\n  next: did you mean mode"),
        (one(path="/b"), "unknown path"),
        (one(mode=420), "mode 420"),
        (one(mode="644"), "mode '644'"),
        (one(mode="u=rw"), "mode 'u=rw'"),
        (one(secret="yes"), "secret 'yes'"),
        (one(content=5), "content is a int, not text"),
        (one(content={"a": 1}), "or use json"),
        (one(src="t.j2"), "2 of src, content, json given"),
        ({"files": [{"dest": "/a"}]}, "0 of src, content, json given"),
        ({"files": [{"content": "x"}]}, "None is not an absolute path"),
        (one(dest="etc/a"), "not an absolute path"),
        (one(dest="/a/../b"), "not an absolute path"),
        (one(dest="/a/"), "not an absolute path"),
        (one(dest="//a"), "not an absolute path"),
        (one(dest="/"), "not an absolute path"),
        (one(dest="/a\nb"), "not an absolute path"),
        ({**one(), "absent": ["/a"]}, "named twice"),
        ({**one(), "absent": ["/a/b"]}, "/a/b is below /a, which is no folder"),
        ({"files": ["/a"]}, "write it with the words"),
        ({"links": [{"dest": "/l"}]}, "give what the link leads to"),
        ({"validate": "sshd -t"}, "validate is a str"),
        ({"exclusive": ["etc"]}, "not an absolute path"),
        ({"guard": {"name": "ssh"}}, "give it name, seconds, undo"),
        ({"guard": {"name": "../x", "seconds": 9, "undo": []}}, "name it with small letters"),
        (one(each={"a": 1}), "each without a template"),
        ({"files": [{"dest": "/a", "src": "k.j2", "each": {"a": 1}}]}, "say {key} in dest"),
        ({"files": [{"dest": "/{key}", "src": "k.j2", "each": {"../b": 1}}]}, "cannot be part of a file's name"),
    ],
)
def test_words_that_do_not_fit_are_refused(words: dict[str, Any], cause: str) -> None:
    with pytest.raises(SlipwayError) as refusal:
        asked(**words)
    assert cause in str(refusal.value)


def test_the_message_packs_what_is_alike() -> None:
    wanted = asked(files=[{"dest": f"/{number}", "content": "the same line\n" * 100} for number in range(60)])
    text = message(wanted)
    assert json.loads(zlib.decompress(text)) == wanted
    assert len(text) < 10_000


@pytest.mark.parametrize(
    ("code", "output", "errors", "said"),
    [
        (1, 'noise\n{"refused": "no"}\n', "", "no"),
        (127, "", "python3: not found", "next: install python3 on the host"),
        (1, "", "Traceback", "Traceback"),
        (0, '{"neither": 1}\n[1]\n', "", "host_files ended with 0"),
    ],
)
def test_what_a_host_says_instead_of_an_answer_fails_the_task(code: int, output: str, errors: str, said: str) -> None:
    answer = read_answer(code, output, errors)
    assert answer["failed"] is True
    assert said in answer["msg"]


def test_an_answer_is_found_between_a_hosts_greetings() -> None:
    assert read_answer(0, 'Welcome {friend}\n{"changed": false}\nBye\n', "") == {"changed": False}


def test_what_could_not_be_judged_becomes_a_warning() -> None:
    assert read_answer(0, '{"changed": true, "not_judged": ["x"]}', "")["warnings"] == ["not judged: x"]
