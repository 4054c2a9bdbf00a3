"""What a chemist should look at: conflicts, activity cliffs, stereoisomers, ids used twice."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from rdkit import Chem

from yaokit.chem.fingerprints import morgan_counts, packed
from yaokit.chem.parse import quiet_rdkit
from yaokit.chem.search import FingerprintIndex

KINDS = {
    "CONFLICT": "molecules whose replicates contradict each other",
    "CLIFF": "pairs of nearly the same molecules with very different values",
    "STEREO": "molecules that differ from another in stereochemistry alone",
    "SAME_ID": "molecules whose id stood for another one before",
}
MAX_MOLECULES = 20_000  # of more, pairs are not compared
MIN_SIMILARITY, MIN_STEP = 0.9, 2.0  # of a cliff: Tanimoto, log units


class Issue(NamedTuple):
    """One thing to look at; `size` is how large it is, for sorting; SMILES where they are known."""

    kind: str
    id: str
    other_id: str | None
    detail: str
    size: float
    smiles: str | None = None
    other_smiles: str | None = None

    def told(self) -> dict[str, Any]:
        """For summary.json."""
        return {key: value for key, value in self._asdict().items() if key != "size"}


def cliffs(ids: Sequence[str], smiles: Sequence[str], values: np.ndarray, task: str) -> list[Issue]:
    """Pairs with a Tanimoto similarity of 0.9 or more whose values, (n,) float64, are 2 or more apart.

    Largest step first; NaN values are left out. Seconds for MAX_MOLECULES.
    """
    known = np.flatnonzero(np.isfinite(values))
    if not len(known) or np.ptp(values[known]) < MIN_STEP:
        return []
    prints = packed(morgan_counts([smiles[i] for i in known.tolist()]))
    alike = FingerprintIndex.build(prints).within(prints, MIN_SIMILARITY)
    query = np.repeat(known, np.diff(alike.offsets))
    other = known[alike.index]
    steep = (query < other) & (np.abs(values[query] - values[other]) >= MIN_STEP)
    pairs = zip(query[steep].tolist(), other[steep].tolist(), alike.similarity[steep].tolist(), strict=True)
    return sorted((_cliff(ids, smiles, values, task, *pair) for pair in pairs), key=_order)


def _cliff(
    ids: Sequence[str], smiles: Sequence[str], values: np.ndarray, task: str, i: int, j: int, alike: float
) -> Issue:
    low, high = sorted((i, j), key=lambda k: float(values[k]))
    detail = f"{task} {values[low]:.2f} and {values[high]:.2f}, similarity {alike:.2f}"
    step = float(values[high] - values[low])
    return Issue("CLIFF", ids[low], ids[high], detail, step, smiles[low], smiles[high])


def stereoisomers(ids: Sequence[str], smiles: Sequence[str], values: np.ndarray, task: str) -> list[Issue]:
    """Each molecule that differs from an earlier one in stereochemistry alone, largest step first."""
    groups: defaultdict[str, list[int]] = defaultdict(list)
    for i, flat in enumerate(_without_stereo(smiles)):
        groups[flat].append(i)
    found = []
    for first, *others in groups.values():
        for other in others:
            step = abs(values[first] - values[other])
            pair = f"{values[first]:.3g} and {values[other]:.3g}" if np.isfinite(step) else "not both known"
            size = float(step) if np.isfinite(step) else -1.0
            detail = f"{task} {pair}; the same graph"
            found.append(Issue("STEREO", ids[first], ids[other], detail, size, smiles[first], smiles[other]))
    return sorted(found, key=_order)


def _without_stereo(smiles: Sequence[str]) -> Iterator[str]:
    with quiet_rdkit():
        for text in smiles:
            if "@" in text or "/" in text or "\\" in text:
                mol = Chem.MolFromSmiles(text)
                Chem.RemoveStereochemistry(mol)
                yield Chem.MolToSmiles(mol)
            else:
                yield text


def _order(issue: Issue) -> tuple[float, str, str]:
    return -issue.size, issue.id, issue.other_id or ""
