-- Run once, on an empty volume. Restored databases bring theirs along.
CREATE EXTENSION IF NOT EXISTS pg_stat_statements;
