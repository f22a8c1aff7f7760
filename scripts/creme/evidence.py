"""What an act left behind: every table and every log, compared before and after, below Creme and without its code."""
import hashlib
import sqlite3
from pathlib import Path

# 36,000 French towns that ship with Creme: counted, not hashed, each of the hundred times.
COUNTED = {"geolocation_town"}


class Database:
    """Creme's database as its owner sees it."""

    def __init__(self, url):
        self.postgres = not url.startswith("sqlite:")
        if self.postgres:
            import psycopg

            self.connection = psycopg.connect(url, autocommit=True)
            names = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
        else:
            self.connection = sqlite3.connect(f"file:{url.removeprefix('sqlite://')}?mode=rw", uri=True, isolation_level=None, timeout=20)
            self.connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
            names = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1"
        self.tables = [row[0] for row in self.rows(names)]

    def rows(self, sql, *values):
        return self.connection.execute(sql.replace("?", "%s") if self.postgres else sql, values).fetchall()

    def one(self, sql, *values):
        found = self.rows(sql, *values)
        return found[0][0] if found else None

    def snapshot(self):
        """(rows, hash of the content) of every table."""
        if not self.postgres:
            return {table: self._hashed(table) for table in self.tables}
        parts = []
        for table in self.tables:
            content = "''" if table in COUNTED else "md5(coalesce(string_agg(md5(t::text), '' ORDER BY md5(t::text)), ''))"
            parts.append(f"SELECT '{table}', count(*), {content} FROM \"{table}\" t")
        return {table: (count, content) for table, count, content in self.rows(" UNION ALL ".join(parts))}

    def _hashed(self, table):
        if table in COUNTED:
            return self.one(f'SELECT count(*) FROM "{table}"'), ""
        hashes = sorted(hashlib.md5(repr(row).encode()).digest() for row in self.rows(f'SELECT * FROM "{table}"'))
        return len(hashes), hashlib.md5(b"".join(hashes)).hexdigest()

    def holds(self, word):
        """The tables with a row in which the word stands."""
        found = []
        for table in self.tables:
            if table in COUNTED:
                continue
            if self.postgres:
                hit = self.one(f'SELECT count(*) FROM "{table}" t WHERE strpos(t::text, ?) > 0', word)
            else:
                hit = sum(word in repr(row) for row in self.rows(f'SELECT * FROM "{table}"'))
            found += [table] if hit else []
        return found


class Logs:
    """Everything Creme and its servers write to files. A log and what was rotated away from it count as one."""

    def __init__(self, folder):
        self.folder = Path(folder)

    def texts(self):
        texts = {}
        for path in sorted(self.folder.iterdir(), key=lambda path: path.stat().st_mtime):
            name = "access.log" if path.name.startswith("access.log") else path.name
            texts[name] = texts.get(name, b"") + path.read_bytes()
        return texts

    def snapshot(self):
        return {name: (text.count(b"\n"), hashlib.md5(text).hexdigest()) for name, text in self.texts().items()}

    def holds(self, word):
        return [name for name, text in self.texts().items() if word.encode() in text]


def changed(before, after):
    """What differs: name, rows before and rows after."""
    differing = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    return {name: [before.get(name, (0,))[0], after.get(name, (0,))[0]] for name in differing}
