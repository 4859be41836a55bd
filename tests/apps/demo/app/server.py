"""Serve an application over HTTP until TERM; requests under way are finished."""

import uvicorn
from starlette.types import ASGIApp

from app import logs
from app.faults import Faults


def serve(app: ASGIApp, service: str, port: int, faults: Faults) -> None:
    """Run the server. FORWARDED_ALLOW_IPS in the environment says whose X-Forwarded-For counts."""
    logs.configure(service)
    uvicorn.run(
        app,
        host="127.0.0.1" if faults.loopback_only else "0.0.0.0",
        port=port + 1 if faults.wrong_port else port,
        loop="uvloop",
        http="httptools",
        ws="websockets",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=50,
    )
