"""main.py NAME [--long] [--self-test] [--seed N]: runs one rig, or all (scripts/rig)."""

import argparse
import asyncio
import importlib
import os
import random
import signal
import sys
import time

from client import Hang, Lost
from place import Anomaly, Place, say

ENDED = []
NAMES = ("crash", "race", "outage", "history")


def arguments():
    parser = argparse.ArgumentParser(prog="scripts/rig")
    parser.add_argument("name", choices=(*NAMES, "all"))
    parser.add_argument("--long", action="store_true", help="the full size")
    parser.add_argument("--self-test", action="store_true", help="plant faults and show that they are found")
    parser.add_argument("--seed", type=int, default=None, help="repeat the choices of an earlier run")
    parser.add_argument("--only", default="", help="a scenario of outage, or a part of race")
    options = parser.parse_args()
    if options.seed is None:
        options.seed = random.SystemRandom().randrange(1 << 32)
    return options


async def quietly(work):
    """The first finding is told; what it does to the clients beside it is noise."""
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
    try:
        return await work
    finally:
        # A proxy may take a last connection while the loop closes; that is no finding.
        sys.unraisablehook = lambda _: None
        # More than once: wait_for may swallow a cancellation that comes with the answer.
        for _ in range(20):
            others = asyncio.all_tasks() - {asyncio.current_task()}
            if not others:
                break
            for task in others:
                task.cancel()
            await asyncio.wait(others, timeout=0.2)


def run(name, options):
    """One rig in a place of its own. True when nothing was found."""
    rig = importlib.import_module(name)
    place = Place(os.environ["GONGKAI_BIN"])
    started = time.monotonic()
    try:
        if options.self_test:
            missed = asyncio.run(quietly(rig.self_test(place, options)))
            for fault in missed:
                say(f"{name} self-test: NOT FOUND: {fault}")
            return not missed
        asyncio.run(quietly(rig.run(place, options)))
        say(f"{name}: all well, {time.monotonic() - started:.0f} s, seed {options.seed}")
        return True
    except (Anomaly, Hang, Lost) as found:
        say(f"{name}: ANOMALY {type(found).__name__}: {found}\n{name}: seed {options.seed}")
        return False
    finally:
        place.close()


def main():
    options = arguments()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGTERM, signal.SIGHUP):
        # As Ctrl-C, which asyncio knows how to end by.
        signal.signal(number, lambda number, _: (ENDED.append(number), signal.raise_signal(signal.SIGINT)))
    names = NAMES if options.name == "all" else (options.name,)
    # All are run, so that one finding does not hide another.
    results = [run(name, options) for name in names]
    sys.exit(0 if all(results) else 1)


try:
    main()
except KeyboardInterrupt:
    sys.exit(128 + (ENDED or [signal.SIGINT])[0])
