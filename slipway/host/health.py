"""Ask a replica from the host, at the very address nginx will use: what Docker calls healthy may answer only inside."""

import http.client
import json
from typing import Any

from ..model import Health

LONGEST_BODY = 1 << 20


def ask(address: str, health: Health) -> str:
    """Ask `address:port` once; return what is wrong with the answer, or nothing."""
    host, _, port = address.rpartition(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=health.timeout_seconds)
    try:
        connection.request("GET", health.path, headers={"User-Agent": "slipway-health", "Connection": "close"})
        answer = connection.getresponse()
        return judge(answer.status, answer.read(LONGEST_BODY).decode(errors="replace"), health)
    except (OSError, http.client.HTTPException) as error:
        return f"no answer: {error or type(error).__name__}"
    finally:
        connection.close()


def judge(status: int, body: str, health: Health) -> str:
    """Return what is wrong with an answer, or nothing."""
    if status != health.status:
        return f"answered {status}, wanted {health.status}: {_short(body)}"
    if health.contains is not None and health.contains not in body:
        return f"the body does not contain {health.contains!r}: {_short(body)}"
    return _judge_json(body, health) if health.json else ""


def _judge_json(body: str, health: Health) -> str:
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return f"the body is not JSON: {_short(body)}"
    wrong = [
        f"{name} is {_field(data, name)!r}, wanted {wanted!r}"
        for name, wanted in health.json.items()
        if _field(data, name) != wanted
    ]
    return "; ".join(wrong)


def _field(data: Any, name: str) -> Any:
    return data.get(name) if isinstance(data, dict) else None


def _short(body: str) -> str:
    text = " ".join(body.split())
    return f"{text[:200]}…" if len(text) > 200 else text or "(empty)"
