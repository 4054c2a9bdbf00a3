"""How much memory this process and its children hold at most."""

import threading

import psutil


class PeakMemory:
    """Samples resident memory of the process tree while inside the block."""

    def __init__(self, every_s: float = 0.25) -> None:
        self.peak_mb = 0.0
        self._every_s = every_s
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "PeakMemory":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        me = psutil.Process()
        while True:
            held = 0
            for process in (me, *me.children(recursive=True)):
                try:
                    held += process.memory_info().rss
                except psutil.Error:  # it has just ended
                    continue
            self.peak_mb = max(self.peak_mb, held / 2**20)
            if self._done.wait(self._every_s):
                return
