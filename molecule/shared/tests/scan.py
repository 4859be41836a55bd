"""Print, as JSON, which TCP ports of an address answer: `scan.py ADDRESS PORT...`; ranges are written FIRST-LAST."""

import asyncio
import json
import sys
from collections.abc import Iterator

AT_ONCE = 500
PATIENCE_SECONDS = 2


def ports(words: list[str]) -> Iterator[int]:
    """Return the ports that words name."""
    for word in words:
        first, _, last = word.partition("-")
        yield from range(int(first), int(last or first) + 1)


async def answers(address: str, port: int, gate: asyncio.Semaphore) -> bool:
    """Return whether a connection is taken."""
    async with gate:
        try:
            _, writer = await asyncio.wait_for(asyncio.open_connection(address, port), PATIENCE_SECONDS)
        except (OSError, TimeoutError):
            return False
        writer.close()
        return True


async def scan(address: str, wanted: list[int]) -> list[int]:
    """Return the ports that answer."""
    gate = asyncio.Semaphore(AT_ONCE)
    found = await asyncio.gather(*(answers(address, port, gate) for port in wanted))
    return [port for port, open_ in zip(wanted, found, strict=True) if open_]


json.dump(asyncio.run(scan(sys.argv[1], list(ports(sys.argv[2:])))), sys.stdout)
