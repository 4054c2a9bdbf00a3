"""Progress with rate and time left: a bar on a terminal, a line now and then elsewhere."""

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar

T = TypeVar("T")
Weigh = Callable[[Any], int]  # how many of `total` an item stands for; one if not given


class Progress(Protocol):
    """Where long work reports how far it is."""

    def say(self, text: str) -> None: ...

    def track(
        self, items: Iterable[T], label: str, total: int | None = None, weigh: Weigh | None = None
    ) -> Iterator[T]: ...


class Silent:
    """Reports nothing."""

    def say(self, text: str) -> None:
        pass

    def track(
        self, items: Iterable[T], label: str, total: int | None = None, weigh: Weigh | None = None
    ) -> Iterator[T]:
        return iter(items)


SILENT: Progress = Silent()


class Lines:
    """A line every few seconds, for logs and pipes."""

    def __init__(self, every_s: float = 10.0) -> None:
        self.every_s = every_s

    def say(self, text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    def track(
        self, items: Iterable[T], label: str, total: int | None = None, weigh: Weigh | None = None
    ) -> Iterator[T]:
        start = last = time.monotonic()
        done = 0
        for item in items:
            yield item
            done += weigh(item) if weigh else 1
            now = time.monotonic()
            if now - last >= self.every_s:
                last = now
                self.say(f"  {label}: {_rate(done, total, now - start)}")


class Bars:
    """A live bar per task."""

    def __init__(self) -> None:
        from rich.console import Console

        self.console = Console(stderr=True)

    def say(self, text: str) -> None:
        self.console.print(text, highlight=False, markup=False)

    def track(
        self, items: Iterable[T], label: str, total: int | None = None, weigh: Weigh | None = None
    ) -> Iterator[T]:
        with self._bar() as bar:
            task = bar.add_task(label, total=total, rate="")
            start = time.monotonic()
            done = 0
            for item in items:
                yield item
                done += weigh(item) if weigh else 1
                spent = max(time.monotonic() - start, 1e-9)
                bar.update(task, completed=done, rate=f"{done / spent:,.1f}/s")

    @contextmanager
    def _bar(self):
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as RichProgress

        columns = (
            TextColumn("  {task.description:<32}"),
            BarColumn(bar_width=28),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
        )
        with RichProgress(*columns, console=self.console, transient=True) as bar:
            yield bar


def default_progress(quiet: bool = False) -> Progress:
    """Bars on a terminal, lines otherwise, nothing when quiet."""
    if quiet:
        return Silent()
    return Bars() if sys.stderr.isatty() else Lines()


def _rate(done: int, total: int | None, spent: float) -> str:
    rate = done / max(spent, 1e-9)
    if not total:
        return f"{done:,} done, {rate:,.1f}/s"
    left = (total - done) / max(rate, 1e-9)
    return f"{done:,}/{total:,}, {rate:,.1f}/s, {left:,.0f} s left"
