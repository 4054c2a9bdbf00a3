"""A small finished run: real molecules of the embedded series, numbers made from the real values."""

import csv
import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest
from rdkit import Chem, RDConfig
from rdkit.Chem import QED, Crippen, Descriptors, rdMolDescriptors
from rdkit.Chem.Scaffolds import MurckoScaffold

from yaokit.chem.fingerprints import morgan_counts
from yaokit.chem.similarity import nearest
from yaokit.core.store import write_json
from yaokit.models.base import FORMAT
from yaokit.report.run import StepFolder

SERIES = Path(RDConfig.RDContribDir) / "FreeWilson" / "data"
TASK = "pActivity"
N_UNRANKED = 8  # molecules of the pool that do not become candidates
MODELS = ("nearest", "forest", "boosting", "mlp", "stack")
ERRORS = {"nearest": 0.9, "forest": 0.7, "boosting": 0.66, "mlp": 0.68, "stack": 0.62}
ZINC = ("CCOC(=O)c1ccc(NC(=O)C2CC2)cc1", "C[C@H](N)c1ccccc1", "O=C(Nc1ccccc1)c1ccncc1", "CC(C)Cc1ccc(O)cc1")
ABOUT: dict[str, Any] = {
    "title": "Aryl sulfonamides",
    "created_from": '[campaign]\nname = "Aryl sulfonamides"\nseed = 7\n',
    "seed": 7,
    "versions": {"yaokit": "0.1.0", "rdkit": "2026.09.1", "python": "3.13.1"},
    "command": "yaokit demo -o demo",
    "settings": {"train": {"folds": 5, "split": "scaffold"}, "rank": {"top": 20}},
    "seconds": {"curate": 1.2, "train": 61.0, "screen-zinc": 80.4, "rank": 2.0},
    "peak_memory_mb": 1812.0,
    "targets": {TASK: {"goal": "maximize", "unit": None, "main": True}},
}


def series(n: int) -> tuple[list[str], list[str], np.ndarray]:
    """SMILES, ids and measured values of the first n molecules of the series."""
    if not SERIES.exists():
        pytest.skip("this build of RDKit does not carry the series")
    lines = [line.split() for line in (SERIES / "CHEMBL2321810.smi").read_text().splitlines()[:n]]
    with open(SERIES / "CHEMBL2321810_act.csv") as file:
        values = {row["Name"]: float(row["Act"]) for row in csv.DictReader(file)}
    smiles = [Chem.CanonSmiles(text) for text, _ in lines]
    return smiles, [i for _, i in lines], np.array([values[i] for _, i in lines])


def make_run(folder: Path, n_measured: int = 60, n_candidates: int = 12) -> list[StepFolder]:
    """The folders of a run; its candidates are series molecules that it takes for unmeasured."""
    smiles, ids, y = series(n_measured + n_candidates + N_UNRANKED)
    known = (smiles[:n_measured], ids[:n_measured], y[:n_measured])
    new = (smiles[n_measured:], [f"parts:{i}" for i in ids[n_measured:]], y[n_measured:])
    steps = [
        StepFolder(kind, name, folder / name)
        for kind, name in (
            ("curate", "curate"),
            ("train", "train"),
            ("screen", "screen-zinc"),
            ("screen", "screen-parts"),
            ("design", "design"),
            ("profile", "profile"),
            ("rank", "rank"),
        )
    ]
    for step in steps:
        step.path.mkdir(parents=True)
    at = {step.name: step.path for step in steps}
    _curate(at["curate"], *known)
    _train(at["train"], *known)
    pool = _profiled(new, known)
    _screen(at["screen-zinc"], "ZINC250k", far_hits(), 249_456, 0)
    _screen(at["screen-parts"], "Series parts", pool.select(range(10)), 53_000, 41_000)
    _design(at["design"], pool.slice(0, 3))
    _profile(at["profile"], pool)
    _rank(at["rank"], pool.slice(0, n_candidates))
    return steps


def far_hits() -> pa.Table:
    """Four hits far from the series."""
    n = len(ZINC)
    return pa.table(
        {
            "id": [f"Z{i}" for i in range(n)],
            "smiles": list(ZINC),
            f"{TASK}_pred": [6.1, 6.0, 5.9, float("nan")],
            f"{TASK}_std": [1.0] * n,
            f"{TASK}_low": [4.4, 4.3, 4.2, float("nan")],
            f"{TASK}_high": [7.8, 7.7, 7.6, float("nan")],
            "in_domain": [False] * n,
            "nearest_similarity": [0.22, 0.2, 0.18, 0.1],
        }
    )


def _curate(out: Path, smiles: list[str], ids: list[str], y: np.ndarray) -> None:
    n = len(ids)
    pq.write_table(
        pa.table({"row": np.arange(n), "id": ids, "smiles": smiles, TASK: y, "n": [1] * n}),
        out / "table.parquet",
    )
    task = {"name": TASK, "column": "Act", "unit": None, "goal": "maximize", "n": n, "n_censored": 0}
    task |= {"min": float(y.min()), "max": float(y.max()), "median": float(np.median(y))}
    summary = {
        "n_in": n + 5,
        "n_out": n,
        "n_kept": n,
        "n_merged": 2,
        "n_rejected": 3,
        "codes": {"SYNTAX": 2, "VALUE_MISSING": 1},
        "dropped": {"MERGED": 2, "SYNTAX": 2, "VALUE_MISSING": 1},
        "notes": ["The file names no unit: values are taken as −log10 of a concentration."],
        "tasks": [task],
        "files": [{"name": "CHEMBL2321810.smi", "sha256": "ab" * 32, "rows": n + 5}],
        "standardizer": {"normalize": True, "tautomer": False, "version": 1},
        "source": "ChEMBL document CHEMBL2321810, as shipped with RDKit",
        "licence": "CC BY-SA 3.0",
    }
    write_json(out / "summary.json", summary)


def _train(out: Path, smiles: list[str], ids: list[str], y: np.ndarray) -> None:
    out.mkdir(exist_ok=True)
    n, rng = len(ids), np.random.default_rng(0)
    table = {"repeat": np.zeros(n, int), "fold": np.arange(n) % 5, "row": np.arange(n), "id": ids}
    table |= {"task": [TASK] * n, "y": y, "nearest_similarity": rng.uniform(0.3, 0.9, n)}
    table |= {m: y + rng.normal(0, ERRORS[m], n) for m in MODELS}
    stack = table["stack"]
    table |= {"stack_std": np.full(n, 0.6), "stack_low": stack - 1.1, "stack_high": stack + 1.1}
    pq.write_table(pa.table({**table, "in_domain": rng.random(n) > 0.2}), out / "oof.parquet")
    write_json(out / "metrics.json", {"tasks": [metrics(n)], "per_fold": _per_fold()})
    write_json(out / "summary.json", {"n_in": n, "n_out": n, "dropped": {}, "notes": []})


def metrics(n: int, **changes: Any) -> dict[str, Any]:
    """One task's entry in metrics.json."""

    def stat(mean: float) -> dict[str, float]:
        return {"mean": mean, "std": 0.05, "low": mean - 0.03, "high": mean + 0.03}

    models = {
        m: {
            "rmse": stat(e),
            "mae": stat(0.8 * e),
            "r2": stat(1 - e),
            "spearman": stat(1 - e / 2),
            "hit_rate_top50": stat(0.9 - e / 2),
        }
        for m, e in ERRORS.items()
    }

    def against(difference: float, better: bool) -> dict[str, Any]:
        spread = {"low": difference - 0.02, "high": difference + 0.02}
        return {
            "difference": difference,
            "p": 0.001,
            "effect_size": 1.1,
            "better": better,
            "n_folds": 25,
            **spread,
        }

    edges = (0.0, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0)
    bins = [
        {
            "low": a,
            "high": b,
            "n": n // 6,
            "p90_error": 2.1 - 1.5 * a,
            "p90_guess": 2.0,
            "in_domain": a >= 0.3,
        }
        for a, b in itertools.pairwise(edges)
    ]
    by_similarity = [
        {
            "low": b["low"],
            "high": b["high"],
            "n": b["n"],
            "rmse": b["p90_error"] / 1.7,
            "mae": b["p90_error"] / 2,
        }
        for b in bins
    ]
    return {
        "task": TASK,
        "n": n,
        "n_censored": 0,
        "split": "scaffold",
        "folds": 5,
        "repeats": 5,
        "seed": 7,
        "models": models,
        "weights": {"boosting": 0.6, "mlp": 0.4},
        "comparison": {"forest": against(-0.08, True), "nearest": against(-0.28, True)},
        "interval": {"level": 0.9, "coverage": 0.897, "coverage_std": 0.02, "width": 2.2},
        "domain": {
            "whole_p90_error": 1.1,
            "limit": 1.65,
            "share_in_domain": 0.83,
            "rmse_in": 0.58,
            "rmse_out": 0.95,
            "similarity_bins": bins,
            "spread_bins": bins[:3],
        },
        "error_by_similarity": by_similarity,
        "noise": None,
        **changes,
    }


def class_metrics(y: np.ndarray, task: str = "active", **changes: Any) -> dict[str, Any]:
    """One class task's entry in metrics.json."""

    def stat(mean: float) -> dict[str, float]:
        return {"mean": mean, "std": 0.04, "low": mean - 0.03, "high": mean + 0.03}

    area = {m: 1 - e / 3 for m, e in ERRORS.items()}
    models = {
        m: {key: stat(k * a) for key, k in (("auroc", 1), ("auprc", 0.8), ("mcc", 0.6), ("recall", 0.7))}
        | {"brier": stat((1 - a) / 2)}
        for m, a in area.items()
    }
    spread = {"p": 0.004, "effect_size": 1.3, "n_folds": 15, "metric": "auroc"}
    bins = [
        {"low": a, "high": a + 0.2, "n": len(y) // 5, "rmse": 0.4 - 0.2 * a} for a in (0.2, 0.4, 0.6, 0.8)
    ]
    return {
        "task": task,
        "kind": "classification",
        "n": len(y),
        "split": "scaffold",
        "folds": 5,
        "repeats": 3,
        "seed": 7,
        "models": models,
        "weights": {"boosting": 0.6, "mlp": 0.4},
        "comparison": {
            "nearest": {"difference": 0.09, "low": 0.05, "high": 0.13, "better": True, **spread},
            "forest": {"difference": 0.01, "low": -0.02, "high": 0.04, "better": False, **spread, "p": 0.4},
        },
        "interval": {"level": 0.9, "coverage": 0.91, "coverage_std": 0.02, "coverage_1": 0.9, "single": 0.8},
        "domain": {
            "rule": "rms error <= 1.5 x that of all",
            "whole_rms_error": 0.4,
            "limit": 0.6,
            "similarity_bins": [{**b, "rms_error": 0.3, "rms_guess": 0.5, "in_domain": True} for b in bins],
        },
        "calibration": {"ece_before": 0.08, "ece_after": 0.03},
        "error_by_similarity": bins,
        "noise": None,
        **changes,
    }


def class_rows(y: np.ndarray, ids: list[str], task: str = "active") -> pa.Table:
    """The rows of oof.parquet of a class task."""
    n, rng = len(y), np.random.default_rng(3)
    table: dict[str, Any] = {
        "repeat": np.zeros(n, int),
        "fold": np.arange(n) % 5,
        "row": np.arange(n),
        "id": ids,
    }
    table |= {"task": [task] * n, "y": y, "nearest_similarity": rng.uniform(0.2, 1, n)}
    for model, error in ERRORS.items():
        table[model] = 1 / (1 + np.exp(-(3 * (2 * y - 1) + rng.normal(0, 6 * error, n))))
    stack = table["stack"]
    table |= {"stack_std": np.sqrt(stack * (1 - stack)), "in_domain": rng.random(n) > 0.2}
    return pa.table({**table, "stack_low": 0.9 * stack, "stack_high": 1 - 0.9 * (1 - stack)})


def model_folder(folder: Path, tasks: list[dict[str, Any]], oof: pa.Table) -> Path:
    """A model folder as far as its report reads it."""
    folder.mkdir(parents=True)
    card = {
        "format": FORMAT,
        "model": "trusted",
        "yaokit": "0.1.0",
        "members": ["boosting", "mlp"],
        "tasks": [{"name": t["task"], "goal": "maximize"} for t in tasks],
        "standardizer": {"normalize": True, "tautomer": False, "version": 2},
        "features": {"name": "Morgan counts", "sees_stereo": True},
        "data": {
            "files": [{"name": "in.csv", "sha256": "ab" * 32, "rows": 70}],
            "n": 60,
            "sha256": "cd" * 32,
        },
        "validation": {"split": "scaffold", "folds": 5, "repeats": 3, "seed": 7},
        "versions": {"rdkit": "2026.9.1"},
        "intended_use": "Ranking molecules.",
        "limits": ["They do not replace the measurement."],
    }
    write_json(folder / "card.json", card)
    near = {
        "quantiles": {"0.5": 0.62},
        "edges": [i / 10 for i in range(11)],
        "counts": [0, 0, 0, 5, 9, 20, 18, 6, 2, 0],
    }
    leakage = {"n_train": 48, "n_test": 60, "same_molecule": 0, "same_connectivity": 1, "share_near": 0.0}
    metrics = {"tasks": tasks, "leakage": {**leakage, "near": 0.9, "similarity": near}, "per_fold": []}
    write_json(folder / "metrics.json", metrics)
    counts = {"n_in": 70, "n_kept": 60, "n_merged": 4, "n_rejected": 6, "codes": {"SYNTAX": 5, "VALENCE": 1}}
    write_json(folder / "curation.json", {**counts, "notes": ["No unit is named."], "drops": None})
    pq.write_table(oof, folder / "oof.parquet")
    return folder


def _per_fold() -> list[dict[str, Any]]:
    return [
        {
            "task": TASK,
            "model": m,
            "repeat": 0,
            "fold": f,
            "n": 12,
            "rmse": e,
            "mae": e,
            "r2": 0.4,
            "spearman": 0.6,
        }
        for m, e in ERRORS.items()
        for f in range(5)
    ]


def _screen(out: Path, library: str, hits: pa.Table, n_in: int, n_in_domain: int) -> None:
    pq.write_table(hits, out / "hits.parquet")
    near = n_in_domain > 0
    counts = [0, 10, 90, 500, 900, 300, 60, 20, 2, 0] if near else [5, 400, 900, 120, 5, 0, 0, 0, 0, 0]
    rejected = 6
    summary = {
        "library": library,
        "n_in": n_in,
        "n_out": len(hits),
        "n_scored": n_in - rejected,
        "n_rejected": rejected,
        "codes": {"VALENCE": 4, "TIMEOUT": 2},
        "dropped": {"VALENCE": 4, "TIMEOUT": 2, "BELOW_TOP": n_in - rejected - len(hits)},
        "notes": [],
        "n_in_domain": n_in_domain,
        "similarity_histogram": {"edges": [i / 10 for i in range(11)], "counts": counts},
        "best": 8.1,
        "source": f"{library}, a made-up source",
        "licence": "CC0",
    }
    write_json(out / "summary.json", summary)


def _design(out: Path, rows: pa.Table) -> None:
    pacsv.write_csv(rows.select(["id", "smiles", f"{TASK}_pred"]), out / "designs.csv")
    summary = {"n_in": 2000, "n_out": len(rows), "dropped": {"BELOW_TOP": 2000 - len(rows)}, "notes": []}
    write_json(out / "summary.json", summary)


def _profile(out: Path, pool: pa.Table) -> None:
    pq.write_table(pool, out / "pool.parquet")
    n = len(pool)
    summary = {"n_in": n + 7, "n_out": n, "dropped": {"MEASURED": 3, "DUPLICATE": 4}, "notes": []}
    write_json(out / "summary.json", summary)


def _rank(out: Path, pool: pa.Table) -> None:
    n, rng = len(pool), np.random.default_rng(1)
    atoms = [Chem.MolFromSmiles(s).GetNumAtoms() for s in pool["smiles"].to_pylist()]
    added = {
        "rank": np.arange(1, n + 1),
        "desirability": np.round(np.linspace(0.9, 0.4, n), 4),
        "pareto_front": 1 + np.arange(n) // 4,
        "d_potency": rng.uniform(0, 1, n),
        "d_qed": rng.uniform(0, 1, n),
        "contributions": [rng.normal(0, 0.2, k).tolist() for k in atoms],
    }
    table = pool
    for name, values in added.items():
        table = table.append_column(name, pa.array(values))
    pq.write_table(table, out / "candidates.parquet")
    dropped = {"BELOW_TOP": N_UNRANKED}
    write_json(out / "summary.json", {"n_in": n + N_UNRANKED, "n_out": n, "dropped": dropped, "notes": []})


def _profiled(new: tuple, known: tuple) -> pa.Table:
    smiles, ids, y = new
    n, rng = len(smiles), np.random.default_rng(2)
    mols = [Chem.MolFromSmiles(s) for s in smiles]
    similarity, index = nearest(morgan_counts(smiles), morgan_counts(known[0]), k=3)
    mean = y + rng.normal(0, 0.4, n)
    columns = {
        "id": ids,
        "smiles": smiles,
        "source": ["screen-parts"] * (n - 3) + ["design"] * 3,
        f"{TASK}_pred": mean,
        f"{TASK}_std": np.full(n, 0.6),
        f"{TASK}_low": mean - 1.0,
        f"{TASK}_high": mean + 1.0,
        "in_domain": similarity[:, 0] > 0.45,
        "nearest_similarity": similarity[:, 0].astype(float),
        "nearest_ids": [[known[1][j] for j in row] for row in index],
        "nearest_similarities": similarity.astype(float).tolist(),
        "nearest_values": [[float(known[2][j]) for j in row] for row in index],
        "near_duplicate_of": pa.array([known[1][0] if i == 2 else None for i in range(n)], pa.string()),
        "mw": [Descriptors.MolWt(m) for m in mols],
        "clogp": [Crippen.MolLogP(m) for m in mols],
        "tpsa": [rdMolDescriptors.CalcTPSA(m) for m in mols],
        "hbd": [rdMolDescriptors.CalcNumHBD(m) for m in mols],
        "hba": [rdMolDescriptors.CalcNumHBA(m) for m in mols],
        "rotatable_bonds": [rdMolDescriptors.CalcNumRotatableBonds(m) for m in mols],
        "aromatic_rings": [rdMolDescriptors.CalcNumAromaticRings(m) for m in mols],
        "heavy_atoms": [m.GetNumHeavyAtoms() for m in mols],
        "fsp3": [rdMolDescriptors.CalcFractionCSP3(m) for m in mols],
        "formal_charge": [0] * n,
        "qed": [QED.qed(m) for m in mols],
        "sa_score": rng.uniform(2, 4, n),
        "n_unspecified_stereo": [1 if i == 3 else 0 for i in range(n)],
        "n_alerts": [2 if i == 1 else 0 for i in range(n)],
        "alerts": ["BRENK:thiol; PAINS:azo_A(324)" if i == 1 else "" for i in range(n)],
        "lipinski_violations": [int(Descriptors.MolWt(m) > 500) for m in mols],
        "veber_ok": [True] * n,
        "le": mean * 1.37 / [m.GetNumHeavyAtoms() for m in mols],
        "lle": mean - [Crippen.MolLogP(m) for m in mols],
        "scaffold": [MurckoScaffold.MurckoScaffoldSmiles(s) for s in smiles],
        "admet": ["not computed"] * n,
        "route": ["not computed"] * n,
    }
    return pa.table({name: pa.array(values) for name, values in columns.items()})


@pytest.fixture(scope="session")
def run_folders(tmp_path_factory: pytest.TempPathFactory) -> list[StepFolder]:
    """The folders of one small run; tests must not change them."""
    return make_run(tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="session")
def about() -> dict[str, Any]:
    return dict(ABOUT)


@pytest.fixture(name="metrics")
def metrics_of_one_task():
    """A function that gives one task's metrics, some of them changed."""
    return metrics


@pytest.fixture(scope="session")
def model_folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Model folders of measured values, of classes, and of both; tests must not change them."""
    out = tmp_path_factory.mktemp("models")
    _, ids, y = series(60)
    labels = (y > np.quantile(y, 0.6)).astype(float)
    _train(out / "steps", *series(60)[:2], y)
    values, classes = pq.read_table(out / "steps" / "oof.parquet"), class_rows(labels, ids)
    both = pa.concat_tables([values.select(classes.column_names), classes])
    return {
        "values": model_folder(out / "values", [metrics(60)], values),
        "classes": model_folder(out / "classes", [class_metrics(labels)], classes),
        "both": model_folder(out / "both", [metrics(60), class_metrics(labels)], both),
    }


@pytest.fixture(name="class_metrics")
def metrics_of_one_class_task():
    """A function that gives one class task's metrics, some of them changed."""
    return class_metrics
