"""From a question of the bench to SQL, and from rows to the answer's common form. Both engines hold the same columns."""
import json
import sys
import time

# The mapping `default` says which class an action belongs to.
CLASSES = {"logon": "authentication", "logoff": "authentication", "query": "datastore_activity"}
OTHER_CLASS = "web_resources_activity"
# A person has one account here.
COLUMNS = {"person": "actor", "activity": "action"}


def column(field):
    return COLUMNS.get(field, field)


def where(question, word_sql):
    terms, values = ["TRUE"], []
    for field, value in question["filters"]:
        terms.append(f"{column(field)} = %s")
        values.append(value)
    if question["from"] is not None:
        terms.append("time >= %s")
        values.append(question["from"])
    if question["word"]:
        terms.append(word_sql)
        values.append(question["word"])
    return " AND ".join(terms), values


def answer(question, word_sql, rows):
    """`rows(sql, values)` runs one statement and answers its rows."""
    kind = question["ask"]["kind"]
    condition, values = where(question, word_sql)
    if kind == "newest":
        found = "events"
        if question["word"]:
            # A planner that misjudges how rare a word is reads the newest events until it has met a hundred: first the word, then the order.
            found, condition = f"(WITH found AS MATERIALIZED (SELECT * FROM events WHERE {condition}) SELECT * FROM found) AS found", "TRUE"
        sql = f"SELECT * FROM {found} WHERE {condition} ORDER BY time DESC LIMIT {question['ask']['limit']}"
        return [row[0] for row in rows(sql, values)]
    if kind == "count":
        return rows(f"SELECT count(*) FROM events WHERE {condition}", values)[0][0]
    if kind == "facets":
        found, top = {}, question["ask"]["top"]
        for field in question["ask"]["fields"]:
            name = column(field)
            sql = (
                f"SELECT {name}, count(*) AS n, sum(count(*)) OVER () AS events FROM events "
                f"WHERE {condition} AND {name} IS NOT NULL GROUP BY {name} ORDER BY n DESC LIMIT {top}"
            )
            counted = rows(sql, values)
            counts = [int(row[1]) for row in counted]
            found[field] = {"counts": counts, "other": int(counted[0][2]) - sum(counts) if counted else 0}
        return found
    interval = question["ask"]["interval_secs"] * 1_000_000
    sql = (
        f"SELECT time - time %% {interval} AS start, sum(CASE WHEN outcome = 'success' THEN 1 ELSE 0 END), "
        f"sum(CASE WHEN outcome = 'failure' THEN 1 ELSE 0 END) FROM events WHERE {condition} GROUP BY start ORDER BY start"
    )
    return [[int(cell) for cell in row] for row in rows(sql, values)]


def serve(word_sql, rows):
    """Questions come in line by line, answers go out line by line; the time is the engine's alone."""
    for line in sys.stdin:
        question = json.loads(line)
        begun = time.perf_counter()
        found = answer(question, word_sql, rows)
        millis = (time.perf_counter() - begun) * 1000
        print(json.dumps({"millis": millis, "answer": found}), flush=True)
