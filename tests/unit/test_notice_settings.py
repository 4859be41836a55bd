"""The inventory's words as a host keeps them."""

import pytest

from slipway.codec import from_json
from slipway.environment import Environment, MailServer, Receiver
from slipway.load.secrets import Asked
from slipway.notice_settings import SecretNotHanded, secret_values, settings
from slipway.notices.settings import Server, Settings, Target

WORDS = {
    "pager": {"webhook": "https://pager.example/e", "token": "PAGER"},
    "chat": {"slack": "CHAT"},
    "team": {"mail": ["a@b.example"]},
    "unheard": {"slack": "OTHER"},
}
SERVER = {"host": "smtp.example", "sender": "s@b.example", "user": "me", "secret": "MAIL"}
VALUES = {"PAGER": "t", "CHAT": "https://chat.example/x\n", "MAIL": " pass word "}


def test_each_receiver_comes_with_its_secrets_and_nobody_else_is_kept() -> None:
    found = from_json(Settings, settings({"page": ["pager", "chat"], "info": ["team"]}, WORDS, SERVER, VALUES, "production"))
    assert found.receivers == {
        "pager": Target("webhook", url="https://pager.example/e", token="t"),
        "chat": Target("slack", url="https://chat.example/x"),
        "team": Target("mail", addresses=("a@b.example",)),
    }
    assert found.told == {"page": ("pager", "chat"), "info": ("team",)}
    assert found.mail_server == Server("smtp.example", "s@b.example", 587, "starttls", "me", " pass word ")
    assert set(found.secrets) == {"https://chat.example/x", "t", " pass word "}


def test_without_words_a_host_tells_nobody() -> None:
    assert settings({}, {}, {}, {}, "lab") == {"schema": 1, "environment": "lab"}


def test_a_secret_that_did_not_come_along_is_named() -> None:
    with pytest.raises(SecretNotHanded, match="CHAT"):
        settings({"page": ["chat"]}, WORDS, {}, {}, "production")


def test_only_the_secrets_that_are_needed_go_along_and_the_first_stack_has_the_word() -> None:
    environment = Environment(
        "e",
        receivers={"chat": Receiver(slack="CHAT"), "pager": Receiver(webhook="https://x", token="PAGER")},
        mail_server=MailServer(secret="MAIL"),
    )
    asked = [
        Asked("a", "CHAT", "vault", "one"),
        Asked("b", "CHAT", "vault", "two"),
        Asked("a", "DB", "vault", "no"),
        Asked("b", "MAIL", "vault", "m"),
    ]
    assert secret_values(environment, asked) == {"CHAT": "one", "MAIL": "m"}
    assert secret_values(Environment("e"), asked) == {}
