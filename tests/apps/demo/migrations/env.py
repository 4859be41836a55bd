"""Run migrations against DATABASE_URL, all of one upgrade in one transaction."""

import time

from alembic import context
from app import faults, logs
from app.settings import optional, required
from sqlalchemy import create_engine

logs.configure("migrate")
FAULTS = faults.parse(optional("FAULT"))


def migrate() -> None:
    engine = create_engine(required("DATABASE_URL").replace("postgresql://", "postgresql+psycopg://", 1))
    with engine.connect() as connection:
        context.configure(connection=connection)
        with context.begin_transaction():
            if FAULTS.migration_hangs:
                time.sleep(86400)
            context.run_migrations()
            if FAULTS.migration_fails:
                raise RuntimeError("FAULT=migration-fails: rolled back")


migrate()
