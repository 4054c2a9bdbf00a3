"""Names made unique over a whole table without holding all of them."""

from collections.abc import Iterable, Sequence

import numpy as np

_LISTED = 10_000


class UniqueIds:
    """Adds "_2", "_3", … to a name that stands for several molecules.

    First `see` all names, say `ready`, then `give` them again in the same order. Eight bytes a name
    are held, and the text of those that occur several times.
    """

    def __init__(self) -> None:
        self._seen: list[np.ndarray] = []
        self._next: dict[str, int] = {}
        self.renamed: list[tuple[str, str]] = []  # old and new name, the first _LISTED of them
        self.n_renamed = 0

    def see(self, ids: Sequence[str]) -> None:
        """Take note of names."""
        self._seen.append(_hashes(ids))

    def ready(self) -> None:
        """All names have been seen."""
        self._all = np.sort(np.concatenate([np.zeros(0, np.int64), *self._seen]))
        self._seen = []
        self._repeated = np.unique(self._all[1:][self._all[1:] == self._all[:-1]])

    def give(self, ids: Sequence[str]) -> list[str]:
        """The names, unique; `renamed` gains those that were changed, old and new."""
        out = list(ids)
        if len(self._repeated):
            for i in np.flatnonzero(np.isin(_hashes(ids), self._repeated)).tolist():
                out[i] = self._unique(ids[i])
        return out

    def _unique(self, name: str) -> str:
        if name not in self._next:
            self._next[name] = 2
            return name
        k = self._next[name]
        while self._is_taken(f"{name}_{k}"):
            k += 1
        self._next[name] = k + 1
        self.n_renamed += 1
        if self.n_renamed <= _LISTED:
            self.renamed.append((name, f"{name}_{k}"))
        return f"{name}_{k}"

    def _is_taken(self, name: str) -> bool:
        at = np.searchsorted(self._all, hash(name))
        return bool(at < len(self._all) and self._all[at] == hash(name))


def _hashes(ids: Iterable[str]) -> np.ndarray:
    return np.fromiter(map(hash, ids), np.int64)
