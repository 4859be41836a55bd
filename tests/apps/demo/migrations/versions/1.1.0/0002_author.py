"""Expand: notes get `author` beside `writer`; a trigger keeps both, so that 1.0.0 and 1.1.0 can run side by side."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("ALTER TABLE notes ADD COLUMN author text")
    op.execute("UPDATE notes SET author = writer")
    op.execute("""
        CREATE FUNCTION keep_writer_and_author() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            NEW.author := coalesce(NEW.author, NEW.writer);
            NEW.writer := NEW.author;
            RETURN NEW;
        END $$""")
    op.execute("CREATE TRIGGER writer_and_author BEFORE INSERT ON notes FOR EACH ROW EXECUTE FUNCTION keep_writer_and_author()")


def downgrade() -> None:
    op.execute("DROP TRIGGER writer_and_author ON notes")
    op.execute("DROP FUNCTION keep_writer_and_author")
    op.execute("ALTER TABLE notes DROP COLUMN author")
