"""The door from a play: documented as it is, one exchange, nothing secret on the screen."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from slipway import file_set
from tests.unit.host_files.places import Place, file, in_own_mounts, mount

ROOT = Path(__file__).resolve().parents[3]
BIN = Path(sys.executable).parent
WORD = "tr0ub4dor-and-3"


@pytest.fixture(scope="module")
def page() -> dict[str, Any]:
    argv = [str(BIN / "ansible-doc"), "--json", "--module-path", str(ROOT / "plugins/modules"), "host_files"]
    shown = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "WARNING" not in shown.stderr
    found: dict[str, Any] = json.loads(shown.stdout)["host_files"]
    return found


def test_every_word_is_documented_and_every_documented_word_is_known(page: dict[str, Any]) -> None:
    options = page["doc"]["options"]
    assert set(options) == file_set.SET_WORDS
    known = {"files": file_set.FILE_WORDS, "folders": file_set.FOLDER_WORDS, "links": file_set.LINK_WORDS}
    for word, words in {**known, "guard": file_set.GUARD_WORDS}.items():
        assert set(options[word]["suboptions"]) == words


def test_the_examples_are_accepted(page: dict[str, Any]) -> None:
    sources = file_set.Sources(render=lambda name, extra: name, read=lambda name: {"a.conf" if name == "snippets" else "": b""})
    for task in yaml.safe_load(page["examples"].replace('"{{ users_admins }}"', "{ann: {}}")):
        assert file_set.request(task["host_files"], sources, check=False, diff=False)["entries"]


def test_what_an_answer_holds_is_documented(page: dict[str, Any], place: Place) -> None:
    (place.folder / "a").write_text("theirs\n")
    answer = place.bring(file(place.folder / "a", "x", backup=True))
    assert set(answer) - {"changed"} <= set(page["return"])
    assert {"armed", "put_back", "drift"} == set(page["return"]) - set(answer)


def play(folder: Path, *arguments: str) -> str:
    argv = [str(BIN / "ansible-playbook"), "-i", "one,", "-c", "local", "-vvv", str(folder / "play.yml"), *arguments]
    environment = {**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_LOCAL_TEMP": str(folder / "ansible")}
    shown = subprocess.run(argv, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=120)
    return shown.stdout + shown.stderr


def written_play(folder: Path, checker: str) -> None:
    (folder / "x.j2").write_text("{% if true %}\nkey = {{ word }}\n{% endif %}\n")
    files = [
        {"dest": f"{folder}/etc/plain", "content": "new line\n"},
        {"dest": f"{folder}/etc/token", "src": f"{folder}/x.j2", "secret": True, "mode": "0600"},
    ]
    task = {"name": "Write", "host_files": {"files": files, "validate": ["sh", "-c", checker]}}
    vars_ = {"word": "{{ lookup('env', 'WORD') }}", "ansible_python_interpreter": sys.executable}
    (folder / "play.yml").write_text(yaml.safe_dump([{"hosts": "all", "gather_facts": False, "vars": vars_, "tasks": [task]}]))


def test_a_play_writes_in_one_exchange_and_shows_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORD", WORD)

    def act() -> None:
        for place in ("/run", "/var/lib"):
            mount("tmpfs", place, "tmpfs")
        written_play(tmp_path, f"cat {tmp_path}/etc/*; exit 1")
        refused = play(tmp_path)
        assert "ended with 1 for the new files, nothing was changed" in refused
        written_play(tmp_path, "true")
        foretold, done, again = play(tmp_path, "--check", "--diff"), play(tmp_path, "--diff"), play(tmp_path, "--diff")
        assert (tmp_path / "etc/token").read_text() == f"key = {WORD}\n"
        assert all("+new line" in shown and "changed=1" in shown for shown in (foretold, done))
        assert "changed=0" in again
        assert [shown.count("<one> EXEC") for shown in (refused, foretold, done, again)] == [1, 1, 1, 1]
        assert WORD not in refused + foretold + done + again

    in_own_mounts(act)
