"""What the guarded children of test_guard.py run; importable without pytest."""

import os
import time


def act(item):
    if item == "hang":
        while True:
            pass
    if item == "crash":
        os.kill(os.getpid(), 11)
    if item == "memory":
        return len(bytearray(10**9))
    if item == "raise":
        raise ValueError("bad item")
    if item == "sleep":
        time.sleep(60)
    return item.upper()


def joined(items, results):
    return "".join(r if isinstance(r, str) else f"[{r.code}]" for r in results)


def broken(items, results):
    raise RuntimeError("cannot finish")


def pid(_):
    return os.getpid()
