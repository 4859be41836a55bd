"""The forms in which a message goes out: JSON for programs, a short text for chat, a mail. Pure."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from hashlib import sha256
from typing import Any

from ..printable import one_line, printable
from .message import Message

LONGEST_CHAT = 2500  # Slack cuts off at 4,000 signs
LONGEST_TEXT = 20000
SIGNS = {"page": ":red_circle:", "warn": ":warning:", "info": ":white_check_mark:"}


def as_json(message: Message) -> dict[str, Any]:
    """Return a message for programs: each key is always there."""
    return {**asdict(message), "severity": message.severity, "text": message.text[:LONGEST_TEXT]}


def for_webhook(message: Message) -> bytes:
    """Return the body of a webhook."""
    return json.dumps(as_json(message), ensure_ascii=False).encode(errors="replace")


def for_slack(message: Message) -> bytes:
    """Return the body for Slack, and for what takes the same form: Mattermost, Rocket.Chat, Discord's `/slack`."""
    lines = [f"{SIGNS[message.severity]} *{_escaped(one_line(message.subject))}*", *map(_escaped, _lines(message))]
    if message.text:
        text = _escaped(_without_middle(printable(message.text), LONGEST_CHAT))
        lines.insert(1, f"```{text}```" if "\n" in text else text)
    return json.dumps({"text": "\n".join(lines)}, ensure_ascii=False).encode(errors="replace")


def for_mail(message: Message, sender: str, addresses: tuple[str, ...]) -> EmailMessage:
    """Return a mail to all addresses of a receiver."""
    mail = EmailMessage()
    mail["From"], mail["To"] = sender, ", ".join(addresses)
    mail["Subject"] = _short(one_line(message.subject), 200)
    mail["Date"] = format_datetime(datetime.fromisoformat(message.at))
    mail["Message-ID"] = f"<{_digest(message)}@{sender.rpartition('@')[2]}>"  # the same at each try
    mail["Auto-Submitted"] = "auto-generated"  # no holiday reply to it
    parts = [printable(message.text[:LONGEST_TEXT]), "\n".join(_lines(message)), *_shown_numbers(message.numbers)]
    mail.set_content("\n\n".join(filter(None, parts)) + "\n")
    return mail


def _lines(message: Message) -> Iterator[str]:
    """Yield what a person asks next."""
    asked = ", ".join(filter(None, (message.who, message.why, message.commit)))
    told = {"by": asked, "took": f"{message.seconds:.1f} s" if message.seconds else "", "watched until": message.watch_until}
    yield from (f"{word} {printable(text)}" for word, text in told.items() if text)
    yield from message.urls
    if message.stack:
        yield f"look: fab releases {message.stack} --host {message.host}"


def _shown_numbers(numbers: Mapping[str, Any]) -> Iterator[str]:
    if numbers:
        yield printable(json.dumps(numbers, indent=2, ensure_ascii=False))


def _digest(message: Message) -> str:
    return sha256(for_webhook(message)).hexdigest()[:32]


def _escaped(text: str) -> str:
    """Return a text in which nobody is addressed and nothing becomes a link that was not meant as one."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _without_middle(text: str, longest: int) -> str:
    """Return a text whose middle is left out where it is too long: the cause stands at its begin, the last lines at its end."""
    half = longest // 2
    return text if len(text) <= longest else f"{text[:half]}\n…\n{text[-half:]}"


def _short(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
