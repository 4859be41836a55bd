"""The api: notes, photos, jobs, a WebSocket, and what tests want to know."""

import asyncio
import hmac
import logging
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager, suppress
from pathlib import PurePath
from typing import Annotated, Any, TypeVar
from uuid import UUID, uuid4

import psycopg
from fastapi import FastAPI, Header, HTTPException, Query, Request, UploadFile, WebSocket, WebSocketDisconnect
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, StreamingResponse
from kombu.exceptions import OperationalError
from pydantic import BaseModel, Field
from redis.asyncio import Redis

from app import faults, storage, worker
from app.database import Database, Row
from app.middleware import FaultGate, RequestLog
from app.server import serve
from app.settings import RELEASE, REPLICA, optional, required

PORT = 8000
Thing = TypeVar("Thing")
log = logging.getLogger("api")
database = Database(required("DATABASE_URL"))
redis = Redis.from_url(required("REDIS_URL"), socket_timeout=2, socket_connect_timeout=2)
secret_key = required("SECRET_KEY")
active = faults.ActiveFaults(faults.parse(optional("FAULT")))


@asynccontextmanager
async def connections(_: FastAPI) -> AsyncIterator[None]:
    """Open without waiting: /health tells what is missing."""
    await database.pool.open(wait=False)
    yield
    await database.pool.close()
    await redis.aclose()


app = FastAPI(title="Slipway demo", version=RELEASE, lifespan=connections)
app.add_middleware(FaultGate, active=active)
app.add_middleware(RequestLog)


@app.get("/")
async def index() -> dict[str, str]:
    return {"application": "slipway-demo", "release": RELEASE, "replica": REPLICA}


async def state(answer: Awaitable[Any]) -> str:
    """Return `connected`, or the reason in words."""
    try:
        await answer
    except TimeoutError:
        return "no answer within 2 seconds"
    except Exception as reason:  # whatever it is, the asker shall read it
        return f"{type(reason).__name__}: {reason}"
    return "connected"


@app.get("/health")
async def health() -> JSONResponse:
    database_state, redis_state = await asyncio.gather(state(database.ping()), state(redis.ping()))
    healthy = database_state == redis_state == "connected" and not active.faults.never_healthy
    body = {"status": "healthy" if healthy else "unhealthy", "database": database_state, "redis": redis_state, "release": RELEASE}
    if active.faults.never_healthy:
        body["reason"] = "switched on by FAULT"
    return JSONResponse(body, 200 if healthy else 503)


@app.exception_handler(psycopg.OperationalError)
async def database_is_away(_: Request, reason: psycopg.OperationalError) -> JSONResponse:
    return JSONResponse({"detail": f"the database does not answer: {reason}"}, 503)


class NewNote(BaseModel):
    text: Annotated[str, Field(min_length=1, max_length=1000)]
    author: Annotated[str, Field(max_length=100)] = ""


@app.get("/notes")
async def notes(limit: Annotated[int, Query(ge=1, le=1000)] = 50) -> list[Row]:
    return await database.notes(limit)


@app.post("/notes", status_code=201)
async def add_note(note: NewNote) -> Row:
    return await database.add_note(note.text, note.author)


@app.get("/notes/{number}")
async def note(number: int) -> Row:
    return found(await database.note(number), f"note {number}")


@app.post("/upload", status_code=201)
async def upload(file: UploadFile) -> dict[str, Any]:
    name = f"{uuid4().hex}{PurePath(file.filename or '').suffix.lower()[:8]}"
    await run_in_threadpool(storage.store, name, file.file, file.content_type or "application/octet-stream")
    return {"name": name, "bytes": file.size}


@app.get("/photos/{name}")
async def photo(name: str) -> StreamingResponse:
    content_type, length, pieces = found(await run_in_threadpool(storage.read, name), f"photo {name}")
    return StreamingResponse(pieces, media_type=content_type, headers={"content-length": str(length)})


@app.get("/photos/{name}/link")
async def photo_link(name: str, seconds: Annotated[int, Query(ge=1, le=3600)] = 300) -> dict[str, str]:
    return {"url": await run_in_threadpool(storage.public_link, name, seconds)}


class NewJob(BaseModel):
    seconds: Annotated[float, Field(ge=0, le=60)] = 1


@app.post("/jobs", status_code=202)
async def add_job(job: NewJob) -> dict[str, str]:
    number = uuid4()
    await database.add_job(number, job.seconds)
    try:
        await run_in_threadpool(worker.do_job.apply_async, (str(number), job.seconds), retry=False)
    except OperationalError as reason:
        await database.forget_job(number)
        raise HTTPException(503, f"the queue does not take jobs: {reason}") from reason
    return {"id": str(number)}


@app.get("/jobs")
async def job_counts() -> Row:
    return await database.job_counts()


@app.get("/jobs/{number}")
async def job(number: UUID) -> Row:
    return found(await database.job(number), f"job {number}")


@app.get("/ticks")
async def ticks(seconds: Annotated[int, Query(ge=1, le=86400)] = 300) -> Row:
    return await database.tick_counts(seconds)


@app.get("/slow")
async def slow(seconds: Annotated[float, Query(ge=0, le=300)] = 1) -> dict[str, Any]:
    await asyncio.sleep(seconds)
    return {"slept": seconds, "release": RELEASE, "replica": REPLICA}


@app.get("/whoami")
async def whoami(request: Request) -> dict[str, Any]:
    names = ("host", "x-forwarded-for", "x-forwarded-proto", "x-request-id")
    headers = {name: request.headers.get(name) for name in names}
    return {
        "client": request.client and request.client.host,
        "scheme": request.url.scheme,
        "headers": headers,
        "replica": REPLICA,
    }


@app.websocket("/ws/echo")
async def echo(socket: WebSocket, ticks: bool = True) -> None:
    """Send back what comes, and a tick each second unless `?ticks=false`; the text `close:1008` asks for that close code."""
    await socket.accept()
    ticker = asyncio.create_task(send_ticks(socket)) if ticks else None
    try:
        while True:
            text = await socket.receive_text()
            if text.startswith("close:") and text[6:].isdigit():
                await socket.close(int(text[6:]), "as asked")
                return
            await socket.send_json({"echo": text, "release": RELEASE, "replica": REPLICA})
    except WebSocketDisconnect:
        log.info("a WebSocket client left")
    finally:
        if ticker:
            ticker.cancel()


async def send_ticks(socket: WebSocket) -> None:
    with suppress(RuntimeError, WebSocketDisconnect):  # the socket closed between two ticks
        for number in range(1_000_000):
            await asyncio.sleep(1)
            await socket.send_json({"tick": number, "release": RELEASE})


class Switch(BaseModel):
    fault: str


@app.post("/admin/fault")
async def switch_fault(switch: Switch, x_admin_token: Annotated[str, Header()] = "") -> dict[str, str]:
    """Switch faults of this replica; an empty text heals it."""
    if not hmac.compare_digest(x_admin_token.encode(), secret_key.encode()):
        raise HTTPException(403, "X-Admin-Token must be the value of SECRET_KEY")
    try:
        active.switch(faults.parse_while_running(switch.fault))
    except ValueError as reason:
        raise HTTPException(422, str(reason)) from reason
    return {"fault": switch.fault, "replica": REPLICA}


def found(thing: Thing | None, name: str) -> Thing:
    """Return the thing, or answer 404."""
    if thing is None:
        raise HTTPException(404, f"there is no {name}")
    return thing


if __name__ == "__main__":
    serve(app, "api", PORT, active.faults)
