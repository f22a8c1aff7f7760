#!/usr/bin/env python3
"""Known acts in a freshly started Creme, played over HTTP as people do, and what each of them must become.

usage: acts.py DIR DATABASE_URL PORT [--wait]

Prints one JSON object a line: first how many rows there are before any act; then every act with the events it must become (or
null where Creme records it nowhere), and which tables and logs differ after it. The expectations are written from what was done
and from Creme's own documentation of its history (`creme_core/models/history.py`), never from what Veritrail made of it.
With --wait the acts begin when a line arrives on standard input.
"""
import sys

import people
import records
from stage import Stage


def main():
    folder, url, port = sys.argv[1:4]
    stage = Stage(folder, url, int(port))
    stage.baseline("--wait" in sys.argv)
    cast = people.arrive(stage)
    kept = records.work(stage, cast)
    people.rights_taken(stage, cast)
    records.refused(stage, cast, kept)
    stage.rotate("copy")
    records.trashed(stage, kept)
    people.own(stage, cast)
    records.erased(stage, kept)
    people.leave(stage)
    stage.say({"kept": kept, "acts": stage.number})


if __name__ == "__main__":
    main()
