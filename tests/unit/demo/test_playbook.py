"""What a person sees of a playbook run."""

import sys
from pathlib import Path

from slipway.demo import playbook
from slipway.ops.playbook import run

OUTPUT = """
PLAY [Prepare hosts] ***********************************************************

TASK [users : Create people] ***************************************************
ok: [demo]
ok: [other]

TASK [docker : Docker | Install packages] **************************************
changed: [demo]
skipping: [other]

TASK [docker : Validating arguments against arg spec 'main' - Docker.] *********
ok: [demo]

TASK [docker : Skip it] ********************************************************
skipping: [demo]

TASK [docker : Write files] ****************************************************
ok: [demo] => (item=one)
changed: [demo] => (item=two)
ok: [demo] => (item=three)
[WARNING]: something odd

RUNNING HANDLER [docker : Restart Docker] **************************************
changed: [demo]

TASK [edge : Ask] **************************************************************
fatal: [demo]: FAILED! =>
    changed: false
    msg: it does not answer

PLAY RECAP *********************************************************************
demo                       : ok=4    changed=3    unreachable=0    failed=1    skipped=1    rescued=0    ignored=0
"""


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_each_task_becomes_a_line_and_failures_are_shown_whole() -> None:
    said: list[str] = []
    view = playbook.View(said.append, Clock())
    for line in OUTPUT.splitlines():
        view.line(line)
    view.end()
    assert said == [
        "   0.0 s  Prepare hosts",
        "   0.0 s    users : Create people: ok on demo, ok on other",
        "   0.0 s    Docker | Install packages: changed on demo",
        "[WARNING]: something odd",
        "   0.0 s    docker : Write files: changed on demo",
        "   0.0 s    docker : Restart Docker (handler): changed on demo",
        "   0.0 s  edge : Ask\nfatal: [demo]: FAILED! =>",
        "    changed: false",
        "    msg: it does not answer",
        "demo                       : ok=4    changed=3    unreachable=0    failed=1    skipped=1    rescued=0    ignored=0",
    ]
    assert view.changes == 3


def test_a_long_task_gives_a_sign_of_life_every_ten_seconds() -> None:
    said: list[str] = []
    clock = Clock()
    view = playbook.View(said.append, clock)
    view.line("TASK [docker : Install packages] ****")
    for clock.now in (4.0, 9.9, 10.0, 15.0, 20.0, 42.0):
        view.beat()
    assert said == [f"{seconds:6.1f} s  … docker : Install packages" for seconds in (10, 20, 42)]


def test_output_is_streamed_kept_whole_and_the_exit_code_handed_back(tmp_path: Path) -> None:
    said: list[str] = []
    program = "import sys; print('TASK [a] ***'); print('changed: [demo]'); print('no newline', end=''); sys.exit(4)"
    log = tmp_path / "build/site.log"
    code = run([sys.executable, "-c", program], tmp_path, log, playbook.View(said.append, Clock()))
    assert code == 4
    assert said == ["   0.0 s    a: changed on demo"]
    assert log.read_text() == "TASK [a] ***\nchanged: [demo]\nno newline\n"
