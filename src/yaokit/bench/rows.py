"""The molecules of a benchmark: read, standardized, every row in its place."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rdkit import Chem

from yaokit.chem.parse import parse
from yaokit.chem.standardize import Standardizer
from yaokit.core.errors import UsageError
from yaokit.core.reasons import Failure
from yaokit.data.read.files import read_records


@dataclass(frozen=True)
class Molecules:
    """n rows of a benchmark's file, in its order."""

    given: list[str]  # as the file has them
    smiles: list[str | None]  # standardized, None: does not parse
    values: np.ndarray  # (n, tasks) float64, NaN = unknown

    def __len__(self) -> int:
        return len(self.given)

    @property
    def read(self) -> np.ndarray:
        """(n,) bool: the row has a molecule."""
        return np.array([text is not None for text in self.smiles], bool)

    def take(self, mask: np.ndarray) -> "Molecules":
        """The rows where `mask` is true."""
        at = np.flatnonzero(mask)
        return Molecules([self.given[i] for i in at], [self.smiles[i] for i in at], self.values[at])

    def parsed(self) -> tuple[list[str], np.ndarray]:
        """SMILES and values of the rows that have a molecule."""
        kept = self.take(self.read)
        return [text for text in kept.smiles if text is not None], kept.values


def table(path: Path) -> list[dict[str, str | None]]:
    """The rows of a file, or of the same file packed (.gz); UsageError if there is neither."""
    found = stored(path)
    if found is None:
        raise UsageError(f"no file {path}; give --data the folder that holds {path.parent.name}/")
    return [record.cells for record in read_records(found)]


def stored(path: Path) -> Path | None:
    """The file, or the same file packed (.gz); None if there is neither."""
    places = (path, path.with_name(f"{path.name}.gz"))
    return next((place for place in places if place.is_file()), None)


def molecules(rows: Sequence[dict[str, str | None]], smiles: str, columns: Sequence[str]) -> Molecules:
    """Structures and numbers of some columns; an empty cell is NaN."""
    given = [(row[smiles] or "").strip() for row in rows]
    values = [[float(row[column] or "nan") for column in columns] for row in rows]
    return Molecules(
        given, standardized(given), np.array(values, np.float64).reshape(len(rows), len(columns))
    )


def standardized(given: Sequence[str]) -> list[str | None]:
    """Canonical SMILES of the standardized molecule, of the molecule as drawn where that fails.

    A benchmark asks about every row, also about complexes and mixtures, which curation rejects.
    None where the text does not parse.
    """
    standardize = Standardizer()
    return [_one(text, standardize) for text in given]


def _one(text: str, standardize: Standardizer) -> str | None:
    done = standardize(text)
    if not isinstance(done, Failure):
        return done.smiles
    mol = parse(text)
    return None if isinstance(mol, Failure) else Chem.MolToSmiles(mol)
