"""probe.py HOST PORT FILE: asks /livez and /readyz until it is ended; a line of JSON per look."""

import http.client
import json
import sys
import time


def look(host, port, path):
    started = time.monotonic()
    try:
        conn = http.client.HTTPConnection(host, port, timeout=10)
        conn.request("GET", path)
        answer = conn.getresponse()
        answer.read()
        status = answer.status
        conn.close()
    except OSError as error:
        status = type(error).__name__
    return status, round((time.monotonic() - started) * 1000, 1)


def main():
    host, port, out = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    with open(out, "w", encoding="utf-8", buffering=1) as file:
        while True:
            live, live_ms = look(host, port, "/livez")
            ready, ready_ms = look(host, port, "/readyz")
            line = {"at": time.monotonic(), "live": live, "live_ms": live_ms, "ready": ready,
                    "ready_ms": ready_ms}
            file.write(json.dumps(line) + "\n")
            time.sleep(0.05)


main()
