"""Notes, jobs and ticks."""

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.execute("""
        CREATE TABLE notes (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            text text NOT NULL,
            writer text NOT NULL DEFAULT '',
            created_at timestamptz NOT NULL DEFAULT now()
        )""")
    op.execute("""
        CREATE TABLE jobs (
            id uuid PRIMARY KEY,
            seconds double precision NOT NULL,
            queued_at timestamptz NOT NULL DEFAULT now(),
            starts integer NOT NULL DEFAULT 0,
            finishes integer NOT NULL DEFAULT 0,
            worker text,
            finished_at timestamptz
        )""")
    op.execute("""
        CREATE TABLE ticks (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            sent_at timestamptz NOT NULL,
            scheduler text NOT NULL,
            worker text NOT NULL
        )""")
    op.execute("CREATE INDEX ticks_sent_at ON ticks (sent_at)")


def downgrade() -> None:
    op.execute("DROP TABLE notes, jobs, ticks")
