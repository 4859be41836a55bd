"""What programs, chat and mail get of a message."""

import json
from dataclasses import replace

from slipway.notices import forms, message

TOLD = replace(
    message.returned(
        "shop", 42, 41, "api: 14 of 31 requests failed", numbers={"api": {"requests": 31, "failed": 14}}, seconds=0.8
    ),
    at="2026-11-21T18:00:00.000Z",
    host="web1",
    environment="production",
    who="ops (ann@desk)",
    urls=("https://shop.example/",),
)


def test_a_program_gets_every_key_and_the_numbers() -> None:
    found = json.loads(forms.for_webhook(TOLD))
    assert found["schema"] == 1
    assert (found["event"], found["severity"], found["stack"], found["host"]) == ("returned", "page", "shop", "web1")
    assert (found["release"], found["serves"], found["numbers"]["api"]["failed"]) == (42, 41, 14)
    assert set(found) == set(json.loads(forms.for_webhook(message.test("web1", "production"))))


def test_chat_gets_the_verdict_first_and_addresses_nobody() -> None:
    text = json.loads(forms.for_slack(replace(TOLD, text="<!channel> & <https://bad.example|click>")))["text"]
    assert text.splitlines()[0].endswith("*shop on web1 (production): release 42 was taken back, release 41 serves again*")
    assert "&lt;!channel&gt; &amp;" in text
    assert "<!" not in text


def test_long_logs_fit_into_a_chat() -> None:
    text = json.loads(forms.for_slack(replace(TOLD, text="the cause\n" + "line\n" * 5000 + "the last line")))["text"]
    assert len(text) < 4000
    assert "the cause" in text
    assert "the last line" in text
    assert "fab releases shop --host web1" in text, "what helps is not what is cut off"


def test_a_mail_has_its_numbers_and_a_subject_of_one_line() -> None:
    mail = forms.for_mail(
        replace(TOLD, title="bad\r\nBcc: all@example.org"), "slipway@shop.example", ("a@b.example", "c@d.example")
    )
    assert mail["Subject"] == "shop on web1 (production): bad Bcc: all@example.org"
    assert mail["To"] == "a@b.example, c@d.example"
    assert mail["Bcc"] is None
    assert mail["Date"] == "Sat, 21 Nov 2026 18:00:00 +0000"
    assert "api: 14 of 31 requests failed" in mail.get_content()
    assert '"failed": 14' in mail.get_content()


def test_a_mail_tried_again_is_the_same_mail() -> None:
    ids = {forms.for_mail(TOLD, "s@b.example", ("a@b.example",))["Message-ID"] for _ in range(2)}
    assert len(ids) == 1


def test_control_characters_reach_no_terminal() -> None:
    assert "\x1b" not in forms.for_mail(replace(TOLD, text="\x1b[2Jgone"), "s@b.example", ("a@b.example",)).get_content()
