"""DuckDB: `load FILE RECORDS...` fills a database from the bench's NDJSON, `ask FILE` answers questions."""
import os
import sys

import duckdb

import common

CASES = " ".join(f"WHEN '{action}' THEN '{name}'" for action, name in common.CLASSES.items())
# Sorted by time, so that row groups can be skipped by it; texts of few values are kept as dictionaries by DuckDB itself.
LOAD = f"""
CREATE TABLE events AS SELECT
  epoch_us(CAST(time AS TIMESTAMPTZ)) AS time, id, action, CASE action {CASES} ELSE '{common.OTHER_CLASS}' END AS class, outcome,
  actor_id AS actor, actor AS email, actor_name, application, object_type, object_id AS target, object_label, address, user_agent, session,
  country, city, request, rows AS row_count, CAST(changes AS VARCHAR) AS changes, note
FROM read_json(?, format = 'newline_delimited', columns = {{
  time: 'VARCHAR', id: 'VARCHAR', action: 'VARCHAR', outcome: 'VARCHAR', actor_id: 'VARCHAR', actor: 'VARCHAR', actor_name: 'VARCHAR',
  application: 'VARCHAR', object_type: 'VARCHAR', object_id: 'VARCHAR', object_label: 'VARCHAR', address: 'VARCHAR', user_agent: 'VARCHAR',
  session: 'VARCHAR', country: 'VARCHAR', city: 'VARCHAR', request: 'VARCHAR', rows: 'BIGINT', changes: 'JSON', note: 'VARCHAR'}})
ORDER BY time
"""


def main():
    task, path = sys.argv[1:3]
    database = duckdb.connect(path, read_only=task != "load")
    database.execute("SET TimeZone = 'UTC'")
    if task == "load":
        database.execute(LOAD, [sys.argv[3:]])
        database.execute("CHECKPOINT")
    elif task == "export":
        # For PostgreSQL, which reads no JSON lines: the same rows as CSV, in the same order.
        database.execute(f"COPY events TO '{sys.argv[3]}' (FORMAT csv, HEADER false)")
    else:
        rows = lambda sql, values: database.execute(sql.replace("%s", "?").replace("%%", "%"), values).fetchall()
        # It has no index of words without an extension: it reads all notes.
        common.serve("contains(note, %s)", rows)
    database.close()


main()
