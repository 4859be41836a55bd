"""A TCP proxy that delays: what a host far away is like. Each way takes half a round trip; nothing else changes."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

CHUNK = 65536


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seconds: float) -> None:
    """Hand on what comes, each piece `seconds` later and in order, the end too."""
    under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
    clock = asyncio.get_running_loop().time

    async def take() -> None:
        while True:
            piece = b""
            with suppress(ConnectionError):
                piece = await reader.read(CHUNK)
            await under_way.put((clock() + seconds, piece))
            if not piece:
                return

    taking = asyncio.ensure_future(take())
    try:
        while True:
            due, piece = await under_way.get()
            await asyncio.sleep(max(0.0, due - clock()))
            if not piece:
                writer.write_eof()
                return
            writer.write(piece)
            await writer.drain()
    except (ConnectionError, OSError):
        return
    finally:
        taking.cancel()


async def _serve(target: tuple[str, int], seconds: float, port: int) -> asyncio.Server:
    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(*target)
        try:
            with suppress(asyncio.CancelledError):  # the proxy ends
                await asyncio.gather(_carry(reader, back, seconds), _carry(there, writer, seconds))
        finally:
            for end in (writer, back):
                end.close()

    return await asyncio.start_server(connected, "127.0.0.1", port)


async def _end_all() -> None:
    rest = asyncio.all_tasks() - {asyncio.current_task()}
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)
    await asyncio.sleep(0)  # closed ends are told so in the loop's next round


@contextmanager
def delayed(target: tuple[str, int], round_trip_seconds: float, port: int = 0) -> Iterator[int]:
    """Listen on a port of this machine and lead to `target` and back in a round trip of this time; give the port."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        server = asyncio.run_coroutine_threadsafe(_serve(target, round_trip_seconds / 2, port), loop).result()
        yield int(server.sockets[0].getsockname()[1])
        loop.call_soon_threadsafe(server.close)
    finally:
        asyncio.run_coroutine_threadsafe(_end_all(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
