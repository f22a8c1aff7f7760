"""The stage on which acts are played: who takes part, what each act must become, what it changed, one JSON line an act."""
import json
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

from evidence import Database, Logs, changed
from web import Browser

HERE = Path(__file__).parent
# Longer than the connector waits between two looks at what it can only compare (accounts): acts further apart are told apart.
APART = 8.0


def event(stream, class_uid, activity_id, **stated):
    """One event an act must become. What is stated must be so; `actor=None` states that nobody is named."""
    return {"stream": stream, "class_uid": class_uid, "activity_id": activity_id, "outcome": "success", **stated}


class Act:
    def __init__(self, number, text, user):
        self.number, self.text, self.user, self.events, self.note, self.ended = number, text, user, None, None, None

    def done(self):
        """What follows is waiting only."""
        self.ended = time.time()

    def becomes(self, *events):
        self.events = (self.events or []) + list(events)

    def nothing(self, note):
        """Creme records this nowhere."""
        self.events, self.note = None, note


class Stage:
    def __init__(self, folder, url, port, out=sys.stdout):
        self.folder, self.port, self.out = Path(folder), port, out
        self.database, self.logs = Database(url), Logs(self.folder / "log")
        self.browsers, self.requests, self.number = {}, [], 0
        self.apart = {}
        self.before = None

    def browser(self, name, address):
        stage = self

        class Noted(Browser):
            def request(self, method, path, *rest, **more):
                began = len(stage.requests)
                stage.requests.append(None)
                answer = super().request(method, path, *rest, **more)
                stage.requests[began] = {"method": method, "path": path.split("?")[0], "status": answer.status, "address": self.address, "agent": self.agent}
                return answer

        self.browsers[name] = Noted(self.port, address, f"Browser of {name}/1.0")
        return self.browsers[name]

    def ctype(self, model):
        return self.database.one("SELECT id FROM django_content_type WHERE model = ?", model)

    def say(self, line):
        print(json.dumps(line, default=str), file=self.out, flush=True)

    def baseline(self, wait):
        """Says how much there is to read before the first act, and waits for the reader's word that he has read it."""
        count = {table: self.database.one(f"SELECT count(*) FROM {table}") for table in ("creme_core_historyline", "creme_core_cremeuser", "creme_core_userrole")}
        self.say({"baseline": count})
        if wait:
            sys.stdin.readline()

    def keep_apart(self, subject):
        """Waits until the last change of this account or role can have been seen by itself."""
        time.sleep(max(0.0, self.apart.get(subject, 0) + APART - time.monotonic()))

    def changed(self, subject):
        self.apart[subject] = time.monotonic()

    def until(self, sql, *values):
        """Waits until the count is 0: Creme leaves some work to its job manager."""
        deadline = time.monotonic() + 20
        while self.database.one(sql, *values):
            if time.monotonic() > deadline:
                raise TimeoutError(f"Creme's job did not do its work within 20 s: {sql}")
            time.sleep(0.1)

    def jobs_done(self):
        """Waits until the job manager has written down that it is done, so that this is no part of the next act."""
        self.until("SELECT count(*) FROM creme_core_job WHERE user_id IS NOT NULL AND status = 1")

    def rotate(self, how):
        subprocess.run([HERE / "creme.sh", "rotate", self.folder, how], check=True)
        self.say({"rotated": how, "after": self.number})

    @contextmanager
    def act(self, text, user=None, of=None):
        """Plays one act. `of` names an account or role of which only the state is kept: its acts are kept apart."""
        if of:
            self.keep_apart(of)
        self.number += 1
        act = Act(self.number, text, user)
        before = self.before or (self.database.snapshot(), self.logs.snapshot())
        self.requests.clear()
        began = time.time()
        yield act
        ended = act.ended or time.time()
        if of:
            self.changed(of)
        after = (self.database.snapshot(), self.logs.snapshot())
        self.before = after
        self.say(
            {
                "act": act.number,
                "text": act.text,
                "user": act.user,
                "began": int(began * 1_000_000),
                "ended": int(ended * 1_000_000),
                "events": act.events,
                "note": act.note,
                "requests": [r for r in self.requests if r],
                "changed": {"tables": changed(before[0], after[0]), "logs": changed(before[1], after[1])},
            }
        )
