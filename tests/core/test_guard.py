import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
import toy_guard

from yaokit.core.errors import YaokitError
from yaokit.core.guard import Pool
from yaokit.core.reasons import Failure


def run(batches, finish=None, **settings):
    with Pool(toy_guard.act, finish, **settings) as pool:
        return list(pool.map(batches))


def test_results_come_in_order_whatever_the_number_of_workers():
    batches = [["a", "b"], ["c"], [], ["d", "e", "f"], ["g"]]
    expected = ["AB", "C", "", "DEF", "G"]
    assert run(batches, toy_guard.joined, workers=1) == expected
    assert run(batches, toy_guard.joined, workers=2) == expected


def test_nothing_in_nothing_out():
    assert run([]) == []


def test_a_hanging_item_is_killed_and_the_others_are_done():
    start = time.monotonic()
    [[first, failure, last]] = run([["a", "hang", "b"]], cpu_limit_s=0.3)
    assert (first, failure.code, last) == ("A", "TIMEOUT", "B")
    assert "0.3 s" in failure.message
    assert time.monotonic() - start < 10


def test_a_crash_costs_one_item():
    [[a, failure, b]] = run([["a", "crash", "b"]])
    assert (a, b) == ("A", "B")
    assert failure == Failure("CRASH", "the chemistry engine stopped (SIGSEGV)")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits memory on Linux only")
def test_an_item_that_eats_memory_fails_alone():
    [[a, failure, b]] = run([["a", "memory", "b"]], memory_limit_mb=200)
    assert (a, failure.code, b) == ("A", "MEMORY", "B")


def test_an_error_in_an_item_is_its_failure():
    [[failure]] = run([["raise"]])
    assert failure == Failure("CRASH", "ValueError: bad item")


def test_an_error_in_finish_reaches_the_caller():
    with pytest.raises(YaokitError, match="RuntimeError: cannot finish"):
        run([["a"]], toy_guard.broken)


def test_a_map_left_early_does_not_disturb_the_next_one():
    with Pool(toy_guard.act, toy_guard.joined, workers=2) as pool:
        first = pool.map([["a"], ["sleep"], ["c"]])
        assert next(first) == "A"
        first.close()
        assert list(pool.map([["x"], ["y"]])) == ["X", "Y"]


def test_closing_the_pool_ends_its_children():
    with Pool(toy_guard.pid) as pool:
        [[child]] = pool.map([["a"]])
        assert psutil.pid_exists(child)
    assert not psutil.pid_exists(child)


PARENT = """
import toy_guard
from yaokit.core.guard import Pool
pool = Pool(toy_guard.pid)
print(next(iter(pool.map([["a"]])))[0], flush=True)
input()
"""


def test_children_end_when_the_parent_is_killed():
    env = {**os.environ, "PYTHONPATH": str(Path(toy_guard.__file__).parent)}
    with subprocess.Popen(
        [sys.executable, "-c", PARENT], stdout=subprocess.PIPE, stdin=subprocess.PIPE, env=env, text=True
    ) as parent:
        assert parent.stdout
        child = int(parent.stdout.readline())
        assert psutil.pid_exists(child)
        parent.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 5
    while _is_running(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _is_running(child)


def _is_running(pid):
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
