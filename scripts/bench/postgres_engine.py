"""PostgreSQL: `load URL CSV` fills a database with the rows DuckDB exported, `ask URL` answers questions."""
import sys

import psycopg

import common

TABLE = """
CREATE UNLOGGED TABLE events (time bigint NOT NULL, id text, action text, class text, outcome text, actor text, email text, actor_name text,
  application text, object_type text, target text, object_label text, address text, user_agent text, session text, country text, city text, request text,
  row_count bigint, changes text, note text)
"""
WORDS = "to_tsvector('simple', note)"
# One for every look-up; words by a GIN index over their vector.
INDEXES = [
    "CREATE INDEX ON events (time)",
    "CREATE INDEX ON events (actor, time)",
    "CREATE INDEX ON events (target, time)",
    "CREATE INDEX ON events (address, time)",
    f"CREATE INDEX ON events USING gin ({WORDS})",
]


def main():
    task, url = sys.argv[1:3]
    database = psycopg.connect(url, autocommit=True)
    if task == "load":
        database.execute(TABLE)
        with open(sys.argv[3], "rb") as rows, database.cursor().copy("COPY events FROM STDIN (FORMAT csv)") as copy:
            while block := rows.read(1 << 20):
                copy.write(block)
        for index in INDEXES:
            database.execute(index)
        database.execute("VACUUM ANALYZE events")
    elif task == "size":
        print(database.execute("SELECT pg_total_relation_size('events')").fetchone()[0])
    else:
        # A prepared generic plan cannot know that a word is rare: plan each question by its constants.
        database.prepare_threshold = None
        rows = lambda sql, values: database.execute(sql, values).fetchall()
        common.serve(f"{WORDS} @@ plainto_tsquery('simple', %s)", rows)
    database.close()


main()
