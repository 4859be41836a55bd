"""Make of the inventory's words what a host must know to tell people. Pure; the controller's side of `notices.settings`."""

from collections.abc import Iterable, Mapping
from typing import Any

from .codec import to_json
from .environment import Environment
from .errors import SlipwayError
from .load.secrets import Asked
from .notices.settings import SCHEMA, Server, Settings, Target

SEVERITIES = ("page", "warn", "info")
Words = Mapping[str, Any]


class SecretNotHanded(SlipwayError):
    """A receiver needs a secret that this run did not hand over."""

    exit_code = 2


def secret_values(environment: Environment, asked: Iterable[Asked]) -> dict[str, str]:
    """Return the values that receivers and the mail server need; of a name that several stacks have, the first one's."""
    names = {
        environment.mail_server.secret,
        *(secret for one in environment.receivers.values() for secret in (one.slack, one.token)),
    }
    return {one.name: one.value for one in reversed(list(asked)) if one.name in names}


def settings(
    notices: Words, receivers: Words, mail_server: Words, secrets: Mapping[str, str], environment: str
) -> dict[str, Any]:
    """Return what a host keeps: only receivers that hear of something, by names and words that were checked before."""
    told = {severity: tuple(notices.get(severity) or ()) for severity in SEVERITIES}
    heard = {name for names in told.values() for name in names}
    found = Settings(
        schema=SCHEMA,
        environment=environment,
        told={severity: names for severity, names in told.items() if names},
        receivers={name: _target(words, secrets) for name, words in sorted(receivers.items()) if name in heard},
        mail_server=_server(mail_server, secrets) if mail_server.get("host") else None,
    )
    plain: dict[str, Any] = to_json(found)
    return plain


def _target(words: Words, secrets: Mapping[str, str]) -> Target:
    if words.get("slack"):
        return Target("slack", url=_value(words["slack"], secrets).strip())
    if words.get("mail"):
        return Target("mail", addresses=tuple(words["mail"]))
    token = words.get("token")
    return Target("webhook", url=str(words["webhook"]), token=_value(token, secrets).strip() if token else "")


def _server(words: Words, secrets: Mapping[str, str]) -> Server:
    secret = words.get("secret")
    return Server(
        host=str(words["host"]),
        sender=str(words["sender"]),
        port=int(words.get("port", 587)),
        security=words.get("security", "starttls"),
        user=str(words.get("user") or ""),
        password=_value(secret, secrets) if secret else "",
    )


def _value(name: str, secrets: Mapping[str, str]) -> str:
    if name not in secrets:
        raise SecretNotHanded(f"the secret {name} came without a value", "run site.yml, which asks for it")
    return secrets[name]
