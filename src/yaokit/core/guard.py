"""Child processes with CPU-time and memory limits, for calls that can hang, explode or crash.

RDKit calls cannot be interrupted in a thread: a molecule that makes one run for ever takes the
whole process with it. Here each batch runs in a child; a child whose current item uses more CPU
time than allowed is killed, the item becomes a Failure, the rest of the batch runs again.
"""

import mmap
import os
import pickle
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

import psutil

from yaokit.core.errors import YaokitError
from yaokit.core.reasons import Failure

_POLL_S = 0.1
_IDLE, _FINISHING = -1, -2
_AT = struct.Struct("q")


class Pool:
    """Runs `finish(items, [each(item), …])` for batches of items in guarded children.

    `each` and `finish` are module-level functions or picklable callables. An item whose `each`
    raises, crashes the child or passes a limit gives a Failure in its place; without `finish`
    the list itself is the batch's result.
    """

    def __init__(
        self,
        each: Callable[[Any], Any],
        finish: Callable[[list[Any], list[Any]], Any] | None = None,
        *,
        workers: int = 1,
        cpu_limit_s: float | None = 10.0,
        memory_limit_mb: int | None = 2048,
    ) -> None:
        self._start = lambda: _Child((each, finish, cpu_limit_s, memory_limit_mb))
        self._workers = workers
        self._children: list[_Child] = []

    def __enter__(self) -> "Pool":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the children."""
        for child in self._children:
            child.kill()
        self._children = []

    def map(self, batches: Iterable[Sequence[Any]]) -> Iterator[Any]:
        """One result per batch, in order; at most two batches per worker wait or run."""
        try:
            yield from self._results(enumerate(batches))
        finally:  # left early: what still runs is of no use to the next map
            for child in [child for child in self._children if child.job is not None]:
                self._children.remove(child)
                child.kill()

    def _results(self, source: Iterator[tuple[int, Sequence[Any]]]) -> Iterator[Any]:
        done: dict[int, Any] = {}
        next_out, exhausted = 0, False
        while True:
            while next_out in done:
                yield done.pop(next_out)
                next_out += 1
            while not exhausted and (child := self._free(len(done))):
                number, batch = next(source, (None, None))
                if number is None or batch is None:
                    exhausted = True
                else:
                    child.send(number, list(batch))
            busy = [child for child in self._children if child.job is not None]
            if not busy and exhausted and not done:
                return
            if busy:
                for child in self._wait(busy):
                    number, result = child.collect()
                    done[number] = result

    def _free(self, waiting: int) -> "_Child | None":
        if waiting >= 2 * self._workers:
            return None
        for child in self._children:
            if child.job is None:
                return child
        if len(self._children) < self._workers:
            self._children.append(self._start())
            return self._children[-1]
        return None

    def _wait(self, busy: list["_Child"]) -> list["_Child"]:
        """The children that have an answer; those over a limit or dead are replaced."""
        ready = set(wait([child.pipe for child in busy], timeout=_POLL_S))
        answered = []
        for child in busy:
            if child.pipe in ready and child.receive():
                answered.append(child)
            elif failure := child.trouble():
                new = self._start()
                self._children[self._children.index(child)] = new
                child.hand_over(new, failure)
        return answered


class _Child:
    """One child process, what it works on, and how far it is."""

    def __init__(self, spec: tuple) -> None:
        self.cpu_limit_s: float | None = spec[2]
        self.job: tuple[int, list[Any], dict[int, Failure]] | None = None
        self.answer: Any = None
        self.dead = False
        self._board = tempfile.TemporaryFile()  # noqa: SIM115 - closed by kill()
        self._board.write(_AT.pack(_IDLE))
        self._board.flush()
        self._at = mmap.mmap(self._board.fileno(), _AT.size)
        ours, theirs = socket.socketpair()
        fds = (theirs.fileno(), self._board.fileno())
        command = [sys.executable, "-m", "yaokit.core.guard", *map(str, fds)]
        self.process = subprocess.Popen(command, pass_fds=fds, stdin=subprocess.DEVNULL)
        theirs.close()
        self.pipe = Connection(ours.detach())
        self._usage = psutil.Process(self.process.pid)
        self._seen = (_IDLE, 0.0, time.monotonic())
        self.pipe.send(sys.path)
        self.pipe.send_bytes(pickle.dumps(spec))

    def send(self, number: int, batch: list[Any], failed: dict[int, Failure] | None = None) -> None:
        failed = failed or {}
        self.job = (number, batch, failed)
        _AT.pack_into(self._at, 0, _IDLE)
        self._seen = (_IDLE, self._cpu_s(), time.monotonic())
        try:
            self.pipe.send((batch, failed))
        except OSError:
            self.dead = True

    def receive(self) -> bool:
        try:
            self.answer = self.pipe.recv()
            return True
        except (EOFError, OSError):
            self.dead = True
            return False

    def collect(self) -> tuple[int, Any]:
        """The finished job's number and result; an error of `finish` is raised here."""
        assert self.job is not None
        number, self.job = self.job[0], None
        ok, value = self.answer
        self.answer = None
        if not ok:
            raise YaokitError(f"a worker failed: {value}")
        return number, value

    def trouble(self) -> Failure | None:
        """Why this child has to go, or None."""
        if self.dead or self.process.poll() is not None:
            code = self.process.wait()
            how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
            return Failure("CRASH", f"the chemistry engine stopped ({how})")
        at = _AT.unpack_from(self._at)[0]
        cpu, now = self._cpu_s(), time.monotonic()
        if at != self._seen[0]:
            self._seen = (at, cpu, now)
        limit = self.cpu_limit_s
        if limit is None or at == _FINISHING:
            return None
        if cpu - self._seen[1] > limit and at >= 0:
            return Failure("TIMEOUT", f"stopped after {limit:g} s of CPU time")
        if now - self._seen[2] > 10 * limit + 60:
            return Failure("TIMEOUT", f"no answer for {10 * limit + 60:g} s")
        return None

    def hand_over(self, new: "_Child", failure: Failure) -> None:
        """Kill this child; `new` does its batch again without the item at fault."""
        at = self._seen[0] if failure.code == "TIMEOUT" else _AT.unpack_from(self._at)[0]
        self.kill()
        assert self.job is not None
        number, batch, failed = self.job
        if not 0 <= at < len(batch):
            where = "at its end" if at == _FINISHING else "before it could start"
            raise YaokitError(f"a worker stopped {where}: {failure.message}")
        new.send(number, batch, {**failed, at: failure})

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        self.pipe.close()
        self._at.close()
        self._board.close()

    def _cpu_s(self) -> float:
        try:
            times = self._usage.cpu_times()
        except psutil.Error:
            return 0.0
        return times.user + times.system


def _serve(pipe: Connection, board: int) -> None:
    """The child's life: take a batch, run it, answer; end when the parent is gone."""
    sys.path[:] = pipe.recv()
    each, finish, _, memory_limit_mb = pickle.loads(pipe.recv_bytes())
    at = mmap.mmap(board, _AT.size)
    _limit_memory(memory_limit_mb)
    while True:
        try:
            batch, failed = pipe.recv()
        except (EOFError, OSError):
            return
        results = []
        for i, item in enumerate(batch):
            _AT.pack_into(at, 0, i)
            results.append(failed[i] if i in failed else _run(each, item))
        _AT.pack_into(at, 0, _FINISHING)
        try:
            answer = (True, finish(batch, results) if finish else results)
        except Exception as error:  # recorded: the parent raises it
            answer = (False, f"{type(error).__name__}: {error}")
        _AT.pack_into(at, 0, _IDLE)
        pipe.send(answer)


def _run(each: Callable[[Any], Any], item: Any) -> Any:
    try:
        return each(item)
    except MemoryError:
        return Failure("MEMORY", "needed more than the memory limit")
    except Exception as error:  # recorded as this item's failure
        return Failure("CRASH", f"{type(error).__name__}: {error}")


def _limit_memory(limit_mb: int | None) -> None:
    """Allow `limit_mb` beyond what the child already holds (where the system can limit it)."""
    if limit_mb is None or not sys.platform.startswith("linux"):
        return
    import resource

    held = int(Path("/proc/self/statm").read_text().split()[5]) * os.sysconf("SC_PAGE_SIZE")
    resource.setrlimit(resource.RLIMIT_DATA, (held + limit_mb * 2**20, resource.RLIM_INFINITY))


def _end_with_parent() -> None:
    """Ask Linux to end this process when its parent ends, however it ends."""
    if sys.platform.startswith("linux"):
        import ctypes

        ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def main() -> None:
    _end_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"
    _serve(Connection(int(sys.argv[1])), int(sys.argv[2]))


if __name__ == "__main__":
    main()
