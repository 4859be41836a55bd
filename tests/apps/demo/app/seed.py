"""Replace all notes by sample ones: `python3 -m app.seed`."""

import logging

import psycopg

from app import logs
from app.database import AUTHOR
from app.settings import required

SAMPLES = [
    ("Ada", "The engine weaves algebraic patterns."),
    ("Grace", "It is easier to ask forgiveness than permission."),
    ("Margaret", "There was no choice but to be pioneers."),
]


def main() -> None:
    with psycopg.connect(required("DATABASE_URL")) as connection:
        connection.execute("TRUNCATE notes")
        connection.cursor().executemany(f"INSERT INTO notes ({AUTHOR}, text) VALUES (%s, %s)", SAMPLES)
    logging.info("%d notes written", len(SAMPLES))


if __name__ == "__main__":
    logs.configure("seed")
    main()
