"""scripts/bench-calendar: how long the open cases take to follow a change of the calendar, and how
long others wait who write meanwhile."""

import argparse
import datetime
import json
import os
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

from offices import Office, Server, Wrk

OFFICER, ADMIN, SUPERVISOR = "cheliang", "guanli", "jiandu"
BODY = {"channel": "in_person", "register": True, "subject": "2024年度车辆管理收费标准",
        "applicant": {"type": "natural_person", "name": "王小明", "phone": "14100000000",
                      "id_kind": "resident_id_card", "id_number": "220102199003071235"}}


def say(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


def open_cases(office):
    sql = "SELECT count(*) FROM cases WHERE finished_on IS NULL AND due_date IS NOT NULL"
    return int(office.read(sql)[0][0])


def workday_ahead(days):
    """A weekday so many days from today: whoever registers today is due after it."""
    day = datetime.date.today() + datetime.timedelta(days=days)
    while day.weekday() >= 5:
        day += datetime.timedelta(days=1)
    return day


def notice(calendar, day):
    """The year in force with one more day off."""
    off = sorted({*calendar["off_dates"], day.isoformat()})
    make_up = list(calendar["make_up_dates"])
    holidays = [{"name": "放假", "from_date": one, "to_date": one} for one in off]
    for holiday in holidays:
        holiday["make_up_dates"], make_up = make_up[:10], make_up[10:]
    return {"year": day.year, "name": "调整通知(示例)", "holidays": holidays}


class Others:
    """One client that goes on registering, and how long each of its requests took."""

    def __init__(self, server, token):
        self.server, self.token = server, token
        self.seconds, self.on = [], True
        self.thread = threading.Thread(target=self.run)

    def run(self):
        while self.on:
            started = time.monotonic()
            key = {"idempotency-key": f"other-{time.monotonic_ns()}"}
            self.server.ask("POST", "/api/v1/cases", self.token, BODY, key)
            self.seconds.append(time.monotonic() - started)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.on = False
        self.thread.join()


def measure(kind, cases, home):
    office = Office(f"{kind}_calendar", kind, home).seeded(200)
    server = Server(office)
    server.start()
    try:
        wrk, officer = Wrk(10), server.token(OFFICER)
        while (count := open_cases(office)) < cases:
            say(f"{kind}: {count:,} open cases")
            wrk(server, server.token(OFFICER), "register", 64)
        officer = server.token(OFFICER)
        day = workday_ahead(7)
        year = server.ask("GET", f"/api/v1/calendar/{day.year}", officer)
        draft = server.ask("POST", "/api/v1/calendar", server.token(ADMIN), notice(year, day))
        own, supervisor = draft["links"]["self"], server.token(SUPERVISOR)
        started = time.monotonic()
        effects = server.ask("GET", f"{own}/effects", supervisor)
        previewed = time.monotonic() - started
        before = []
        for _ in range(50):
            started = time.monotonic()
            server.ask("POST", "/api/v1/cases", officer, BODY)
            before.append(time.monotonic() - started)
        with Others(server, officer) as others:
            started = time.monotonic()
            server.ask("POST", f"{own}/apply", supervisor,
                       {"calendar_version": effects["calendar_version"]}, {"if-match": '"1"'})
            while True:
                progress = server.ask("GET", f"{own}/recalculation", supervisor)
                if progress["finished_at"]:
                    break
                time.sleep(0.05)
            took = time.monotonic() - started
        waits = sorted(others.seconds)
        return {
            "open": count, "looked": progress["looked"], "moved": progress["moved"],
            "preview_s": round(previewed, 2), "recalculation_s": round(took, 2),
            "cases_a_second": round(progress["looked"] / took),
            "register_alone_ms": round(statistics.median(before) * 1000, 1),
            "register_beside_ms": round(statistics.median(waits) * 1000, 1),
            "register_beside_worst_ms": round(waits[-1] * 1000, 1),
        }
    finally:
        server.stop()


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench-calendar")
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--databases", default="postgres,sqlite")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gongkai-bench-", dir="/var/tmp") as home:
        found = {kind: measure(kind, options.cases, Path(home))
                 for kind in options.databases.split(",")}
    print(f"{os.cpu_count()} cores")
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
