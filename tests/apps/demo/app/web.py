"""The frontend: pages made on the server from what the api says."""

from pathlib import Path
from typing import Annotated, Any

import httpx
from fastapi import FastAPI, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles
from fastapi.templating import Jinja2Templates

from app import faults
from app.logs import request_id
from app.middleware import RequestLog
from app.server import serve
from app.settings import RELEASE, required

PORT = 3000
HERE = Path(__file__).parent
api = httpx.AsyncClient(base_url=required("API_URL"), timeout=5)
pages = Jinja2Templates(HERE / "templates")

app = FastAPI(title="Slipway demo site", version=RELEASE, docs_url=None, redoc_url=None, openapi_url=None)
app.add_middleware(RequestLog)
app.mount("/static", StaticFiles(directory=HERE / "static"))


async def ask(path: str) -> Any:
    """Return what the api says, or None if it says nothing sensible."""
    try:
        return (await api.get(path, headers={"X-Request-ID": request_id.get()})).json()
    except (httpx.HTTPError, ValueError):
        return None


@app.get("/")
async def index(request: Request) -> HTMLResponse:
    health, notes = await ask("/health"), await ask("/notes?limit=20")
    shown = notes if isinstance(notes, list) else None
    return pages.TemplateResponse(request, "index.html", {"release": RELEASE, "health": health, "notes": shown})


@app.post("/notes")
async def add_note(text: Annotated[str, Form()], author: Annotated[str, Form()] = "") -> RedirectResponse:
    await api.post("/notes", json={"text": text, "author": author}, headers={"X-Request-ID": request_id.get()})
    return RedirectResponse("/", 303)


@app.get("/health")
async def health() -> dict[str, str]:
    """Say that this process serves; pages show the state of the api themselves."""
    return {"status": "healthy", "release": RELEASE}


if __name__ == "__main__":
    serve(app, "web", PORT, faults.Faults())
