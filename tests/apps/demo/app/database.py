"""Questions to Postgres: notes, jobs, ticks."""

import asyncio
from typing import Any
from uuid import UUID

from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool

from app.settings import RELEASE

Row = dict[str, Any]
AUTHOR = "writer" if RELEASE == "1.0.0" else "author"
NOTE = f"id, text, {AUTHOR} AS author, created_at"


class Database:
    """A few connections, made anew when the server was away."""

    def __init__(self, url: str) -> None:
        self.pool = AsyncConnectionPool(
            url,
            min_size=1,
            max_size=5,
            open=False,
            timeout=5,
            reconnect_timeout=2,
            check=AsyncConnectionPool.check_connection,
            kwargs={"row_factory": dict_row, "autocommit": True, "connect_timeout": 3},
        )

    async def ask(self, sql: str, *values: Any) -> list[Row]:
        async with self.pool.connection() as connection:
            cursor = await connection.execute(sql, values)
            return await cursor.fetchall() if cursor.description else []

    async def ping(self) -> None:
        async with asyncio.timeout(2):
            await self.ask("SELECT 1")

    async def notes(self, limit: int) -> list[Row]:
        return await self.ask(f"SELECT {NOTE} FROM notes ORDER BY id DESC LIMIT %s", limit)

    async def note(self, number: int) -> Row | None:
        rows = await self.ask(f"SELECT {NOTE} FROM notes WHERE id = %s", number)
        return rows[0] if rows else None

    async def add_note(self, text: str, author: str) -> Row:
        return (await self.ask(f"INSERT INTO notes (text, {AUTHOR}) VALUES (%s, %s) RETURNING {NOTE}", text, author))[0]

    async def add_job(self, number: UUID, seconds: float) -> None:
        await self.ask("INSERT INTO jobs (id, seconds) VALUES (%s, %s)", number, seconds)

    async def forget_job(self, number: UUID) -> None:
        await self.ask("DELETE FROM jobs WHERE id = %s", number)

    async def job(self, number: UUID) -> Row | None:
        rows = await self.ask(
            "SELECT *, CASE WHEN finishes > 0 THEN 'done' WHEN starts > 0 THEN 'started' ELSE 'queued' END AS state"
            " FROM jobs WHERE id = %s",
            number,
        )
        return rows[0] if rows else None

    async def job_counts(self) -> Row:
        return (
            await self.ask("""
            SELECT count(*) AS queued, count(*) FILTER (WHERE finishes > 0) AS done,
                   count(*) FILTER (WHERE starts > 1) AS started_again, count(*) FILTER (WHERE finishes > 1) AS done_again
            FROM jobs""")
        )[0]

    async def tick_counts(self, seconds: int) -> Row:
        return (
            await self.ask(
                """
            WITH recent AS (
                SELECT *, extract(epoch FROM sent_at - lag(sent_at) OVER (ORDER BY sent_at))::float AS gap
                FROM ticks WHERE sent_at > now() - make_interval(secs => %s)
            )
            SELECT count(*) AS ticks, coalesce(array_agg(DISTINCT scheduler), '{}') AS schedulers, max(sent_at) AS last,
                   max(gap) AS longest_gap_seconds, min(gap) AS shortest_gap_seconds
            FROM recent""",
                seconds,
            )
        )[0]
