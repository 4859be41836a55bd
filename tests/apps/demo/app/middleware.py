"""What surrounds every request: its id and log line, and the faults that tests switch on."""

import asyncio
import json
import logging
import time
import uuid
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.faults import ActiveFaults
from app.logs import request_id

log = logging.getLogger("request")
SPARED = {"/health", "/admin/fault"}


class RequestLog:
    """Gives each request an id (the edge's, if it sent one) and logs it when it is over."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        request_id.set(Headers(scope=scope).get("x-request-id") or uuid.uuid4().hex)
        began = time.monotonic()
        seen: dict[str, Any] = {}

        async def send_and_look(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen["status"] = message["status"]
                MutableHeaders(scope=message)["x-request-id"] = request_id.get()
            await send(message)

        try:
            await self.app(scope, receive, send_and_look)
        finally:
            self.write(scope, seen, (time.monotonic() - began) * 1000)

    def write(self, scope: Scope, seen: dict[str, Any], ms: float) -> None:
        fields = {"method": scope.get("method", "WS"), "path": scope["path"], "client": (scope.get("client") or ["?"])[0], **seen}
        level = logging.DEBUG if scope["path"] in SPARED else logging.INFO
        log.log(level, "request", extra={"fields": {**fields, "ms": round(ms, 1)}})


class FaultGate:
    """Makes requests slow or fail; health and the switch itself are spared."""

    def __init__(self, app: ASGIApp, active: ActiveFaults) -> None:
        self.app = app
        self.active = active

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in SPARED:
            await self.app(scope, receive, send)
            return
        await asyncio.sleep(self.active.faults.slow_ms / 1000)
        if self.active.fails_now():
            body = json.dumps({"detail": "this error was switched on by FAULT"}).encode()
            await send({"type": "http.response.start", "status": 500, "headers": [(b"content-type", b"application/json")]})
            await send({"type": "http.response.body", "body": body})
            return
        await self.app(scope, receive, send)
