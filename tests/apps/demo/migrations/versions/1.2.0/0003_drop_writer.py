"""Contract: `writer` goes; 1.0.0 cannot run any more, 1.1.0 can."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.execute("DROP TRIGGER writer_and_author ON notes")
    op.execute("DROP FUNCTION keep_writer_and_author")
    op.execute("ALTER TABLE notes DROP COLUMN writer")


def downgrade() -> None:
    raise NotImplementedError("0003 dropped notes.writer: restore a backup from before it to run 1.0.0")
