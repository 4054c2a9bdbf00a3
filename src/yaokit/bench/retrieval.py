"""Do compounds of one target lie together? Mean average precision of the neighbors of known actives.

Of each target some actives are asked; all actives of all targets are ranked by how alike they are, and
those of the same target should come first. Compared are embeddings, by the cosine of their
standardized numbers, and ECFP4 bits by Tanimoto. Each is also asked with what ECFP already finds
left out: of the compounds whose similarity to the query is below FAR, which are of its target?
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from rdkit import Chem
from scipy.sparse import csr_array

from yaokit.bench.fits import Place, kind_of
from yaokit.bench.pages import number, plus_minus, table_of
from yaokit.bench.rows import standardized, table
from yaokit.chem.fingerprints import bits, morgan
from yaokit.chem.similarity import tanimoto
from yaokit.core.errors import UsageError
from yaokit.core.seed import rng
from yaokit.models.base import EMBEDDED
from yaokit.models.featurize import featurize_smiles
from yaokit.nn.pretrained import ENCODERS, shipped

Row = dict[str, Any]
ACTIVE = 6.5  # p-scale
QUERIES = 10  # of a target
LEAST = 10  # actives of a target that is asked
FAR = 0.4  # Tanimoto similarity
ECFP = "ECFP4"
CELLS = ("hct-15", "lovo")  # of kekulescope, which are no targets but cell lines
MATRICES = ("fp", "full", "wide", *EMBEDDED)  # kinds of features whose rows are a matrix
READS = "svm:embedded"  # names what reads an embedding, and so the code that makes it


class Retrieval:
    """`yaokit bench retrieval`."""

    name: ClassVar[str] = "retrieval"
    labels: ClassVar[Sequence[str]] = tuple(f"{READS}@{name}" for name in ENCODERS)
    seeds: ClassVar[int] = 3
    tasks: ClassVar[Sequence[str]] = ("kekulescope", "chembl_multitarget")

    def __init__(self, data: Path, place: Place, members: Sequence[str] = ()) -> None:
        """`members` are labels; the features that they read are compared."""
        self.folder, self.place = data / "chembl_targets", place
        self.sources = [self.folder / "chembl_multitarget_long.csv", self.folder / "kekulescope"]
        there = [f"{READS}@{name}" for name, card in shipped().items() if card["kind"] in ENCODERS]
        self.kinds = list(dict.fromkeys(kind_of(label) for label in members or there))
        if odd := [kind for kind in self.kinds if kind.partition("@")[0] not in MATRICES]:
            raise UsageError(
                f"rows of {odd[0]!r} are no numbers to compare by their cosine; "
                f"choose --members that read: {', '.join(MATRICES)}"
            )
        if not self.kinds:
            raise UsageError("no pre-trained encoder is shipped with this version: name --members")

    def measure(self, task: str, seed: int) -> Row:
        """Average precisions of the actives that this seed asks."""
        targets = self.actives(task)
        smiles = sorted(set().union(*targets.values()))
        place_of = {text: i for i, text in enumerate(smiles)}
        members = {name: np.array(sorted(place_of[s] for s in mine)) for name, mine in targets.items()}
        asked = {name: drawn(mine, task, name, seed) for name, mine in members.items() if len(mine) >= LEAST}
        queries = np.concatenate(list(asked.values()))
        alike = {ECFP: self._ecfp(smiles, queries)}
        near = alike[ECFP] >= FAR
        for kind in self.kinds:
            alike[kind] = cosine(self._numbers(kind, smiles), queries)
        found = {
            way: {"all": _means(scores, asked, members), "far": _means(scores, asked, members, near)}
            for way, scores in alike.items()
        }
        share = float(np.mean([len(members[name]) / len(smiles) for name in asked]))
        told = ", ".join(f"{way} {values['all']:.3f}" for way, values in found.items())
        return {
            "n": len(smiles),
            "n_targets": len(asked),
            "n_queries": len(queries),
            "chance": share,
            "found": found,
            "told": f"mean average precision {told}",
        }

    def actives(self, task: str) -> dict[str, set[str]]:
        """Target → standardized SMILES of its actives."""
        if task == "kekulescope":
            paths = {re.sub(r"\..*", "", path.name): path for path in self.folder.glob("kekulescope/*.csv*")}
            rows = [
                (name, row["smiles"], row["pIC50"])
                for name, path in sorted(paths.items())
                if name.removesuffix("_pic50") not in CELLS
                for row in table(path)
            ]
        else:
            found = table(self.folder / "chembl_multitarget_long.csv")
            rows = [(str(row["target_chembl_id"]), row["smiles"], row["pchembl"]) for row in found]
        chosen = [(name, smiles or "") for name, smiles, value in rows if value and float(value) >= ACTIVE]
        different = list(dict.fromkeys(smiles for _, smiles in chosen))
        clean = dict(zip(different, standardized(different), strict=True))
        out: dict[str, set[str]] = {}
        for name, given in chosen:
            if (text := clean[given]) is not None:
                out.setdefault(name, set()).add(text)
        if not out:
            raise UsageError(
                f"no actives in {self.folder}; give --data the folder that holds chembl_targets/"
            )
        return out

    def _ecfp(self, smiles: Sequence[str], queries: np.ndarray) -> np.ndarray:
        found = bits(morgan([Chem.MolFromSmiles(text) for text in smiles], chirality=False))
        return tanimoto(found[queries], found)

    def _numbers(self, kind: str, smiles: Sequence[str]) -> np.ndarray:
        found = featurize_smiles(kind, smiles, workers=self.place.workers, cache=self.place.features)
        return found.toarray() if isinstance(found, csr_array) else np.asarray(found)

    def rows(self, parts: Mapping[tuple[str, int], Row]) -> list[Row]:
        found = []
        for task in self.tasks:
            mine = [part for (name, _), part in sorted(parts.items()) if name == task]
            if mine:
                same = {key: mine[0][key] for key in ("n", "n_targets", "n_queries", "chance")}
                for way in mine[0]["found"]:
                    values = {key: [part["found"][way][key] for part in mine] for key in ("all", "far")}
                    found.append({"task": task, **same, "way": way, **_over_seeds(values)})
        return found

    def summary(self, rows: Sequence[Row]) -> Row:
        """Mean average precision over tasks of each way."""
        found: Row = {"tasks": len({row["task"] for row in rows})}
        for way in dict.fromkeys(row["way"] for row in rows):
            for key in ("all", "far"):
                values = [row[key]["mean"] for row in rows if row["way"] == way]
                found[f"{way}_{key}"] = round(float(np.mean(values)), 4)
        return found

    def page(self, results: Row) -> str:
        return "\n\n".join(
            [
                "# Retrieval",
                f"`{results['command']}`, yaokit {results['version']}, {len(results['seeds'])} seed(s), "
                f"{results['seconds']:,.0f} s. How it is measured stands in [benchmarks](../benchmarks.md).",
                "Mean average precision of the neighbors of actives (pChEMBL of at least "
                f"{ACTIVE}), the mean over targets; chance is the mean share of a target's actives.",
                table_of(COLUMNS, results["rows"]),
                "",
            ]
        )


def drawn(members: np.ndarray, task: str, target: str, seed: int) -> np.ndarray:
    """Some of a target's actives, to ask."""
    return np.sort(rng(seed, "asked", task, target).permutation(members)[:QUERIES])


def cosine(X: np.ndarray, queries: np.ndarray) -> np.ndarray:
    """(queries, n) of the numbers at mean 0 and deviation 1; what fails or never varies counts as 0."""
    X = X.astype(np.float64)
    spread = np.nanstd(X, axis=0)
    standard = (X - np.nanmean(X, axis=0)) / np.where(spread > 0, spread, np.inf)
    centered = np.nan_to_num(standard).astype(np.float32)
    length = np.linalg.norm(centered, axis=1, keepdims=True)
    unit = centered / np.where(length > 0, length, 1)
    return unit[queries] @ unit.T


def average_precision(scores: np.ndarray, relevant: np.ndarray) -> float:
    """Mean, over relevant items, of the share of relevant ones down to it; NaN if there are none.

    Items with equal scores stand in their order.
    """
    hits = relevant[np.argsort(-scores, kind="stable")]
    ranks = np.flatnonzero(hits) + 1
    return float(np.mean(np.arange(1, len(ranks) + 1) / ranks)) if len(ranks) else float("nan")


def _means(
    scores: np.ndarray,
    asked: Mapping[str, np.ndarray],
    members: Mapping[str, np.ndarray],
    left_out: np.ndarray | None = None,
) -> float:
    """The mean over targets of the mean over their queries, the query itself left out."""
    means, start = [], 0
    for name, queries in asked.items():
        relevant = np.zeros(scores.shape[1], bool)
        relevant[members[name]] = True
        found = []
        for i, query in enumerate(queries, start):
            ranked = np.ones(scores.shape[1], bool) if left_out is None else ~left_out[i]
            ranked[query] = False
            found.append(average_precision(scores[i, ranked], relevant[ranked]))
        start += len(queries)
        if not np.isnan(found).all():
            means.append(np.nanmean(found))
    return float(np.mean(means)) if means else float("nan")


def _over_seeds(values: Mapping[str, Sequence[float]]) -> Row:
    return {
        key: {"mean": float(np.mean(x)), "sd": float(np.std(x, ddof=1)) if len(x) > 1 else None}
        for key, x in values.items()
    }


COLUMNS = {
    "Set": lambda r: r["task"],
    "Actives, targets, queries": lambda r: f"{r['n']:,}, {r['n_targets']:,}, {r['n_queries']:,}",
    "By": lambda r: r["way"],
    "Mean average precision": lambda r: plus_minus(r["all"]["mean"], r["all"]["sd"]),
    f"Below {FAR} to the query only": lambda r: plus_minus(r["far"]["mean"], r["far"]["sd"]),
    "Chance": lambda r: number(r["chance"]),
}
