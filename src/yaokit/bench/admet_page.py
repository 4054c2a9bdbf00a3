"""What the ADMET group's parts amount to, and the page that says so."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from yaokit.bench.pages import number, plus_minus, table_of
from yaokit.bench.scores import MEASURES, Measure, gain, interval
from yaokit.core.errors import UsageError

Row = dict[str, Any]
METHODS = ("MapLight", "MapLight_GNN", "MiniMol", "Chemprop_RDKit", "MolE")
FAR = 0.10  # behind the best clean published entry


def task_row(task: Mapping[str, str], parts: Sequence[Row], beside: Mapping[str, Any]) -> Row:
    """One task: ours over seeds beside what others published."""
    measure = MEASURES[task["metric"]]
    y = np.array(parts[0]["y"])
    runs = [np.array(part["predicted"]) for part in parts]
    values = [measure.of(y, run) for run in runs]
    mean = float(np.mean(values))
    low, high = interval(measure, y, runs)
    best, floor = float(task["clean"]), float(task["floor"])
    return {
        "task": task["task"],
        "metric": measure.label,
        "better": "higher" if measure.higher else "lower",
        "n_train": parts[0]["n_train"],
        "n_train_dropped": parts[0]["n_train_dropped"],
        "n_test": len(y),
        "n_test_unread": len(parts[0]["unread"]),
        "n_shared": len(parts[0]["shared"]),
        "mean": mean,
        "sd": float(np.std(values, ddof=1)) if len(values) > 1 else None,
        "values": values,
        "low": low,
        "high": high,
        "without_shared": _without_shared(measure, y, runs, parts[0]["shared"]),
        **_pretrained(measure, y, runs, parts),
        "out_of_fold": float(np.mean([part["score"] for part in parts])),
        "scales": [part["scale"] for part in parts],
        "ways": [part["way"] for part in parts],
        "weights": _shares(parts),
        "alone": {label: float(np.mean([p["alone"][label] for p in parts])) for label in parts[0]["members"]},
        "floor": floor,
        "floor_met": measure.reaches(mean, floor),
        "ambition": float(task["ambition"]),
        "ambition_met": measure.reaches(mean, float(task["ambition"])),
        "best_clean": best,
        "best_clean_method": task["clean_method"],
        "tied": measure.reaches(mean, best) or measure.reaches(high if measure.higher else low, best),
        "behind": measure.behind(mean, best),
        "published": {name: beside[name] for name in ("best_known_entry", *METHODS)},
        "cpu_seconds": sum(sum(part["fit_seconds"].values()) for part in parts) / len(parts),
    }


def _without_shared(
    measure: Measure, y: np.ndarray, runs: Sequence[np.ndarray], shared: Sequence[int]
) -> float | None:
    """The mean of the measure over the test rows that were not there to learn from."""
    kept = np.setdiff1d(np.arange(len(y)), np.array(shared, int))
    if len(kept) < 2 or y[kept].min() == y[kept].max():
        return None
    return float(np.mean([measure.of(y[kept], run[kept]) for run in runs]))


def _pretrained(measure: Measure, y: np.ndarray, runs: Sequence[np.ndarray], parts: Sequence[Row]) -> Row:
    """What the members that read a pre-trained network give; nothing if there are none."""
    others = [part["without_pretrained"] for part in parts]
    if None in others:
        return {}
    without = [np.array(other["predicted"]) for other in others]
    values = [measure.of(y, run) for run in without]
    mean = float(np.mean(values))
    low, high = gain(measure, y, runs, without)
    sign = 1 if measure.higher else -1
    return {
        "without_pretrained": {
            "mean": mean,
            "sd": float(np.std(values, ddof=1)) if len(values) > 1 else None,
            "out_of_fold": float(np.mean([other["score"] for other in others])),
            "gain": sign * (float(np.mean([measure.of(y, run) for run in runs])) - mean),
            "gain_low": low,
            "gain_high": high,
        }
    }


def _shares(parts: Sequence[Row]) -> dict[str, float]:
    """The mean share of each member over seeds."""
    labels = parts[0]["members"]
    shares = {label: float(np.mean([part["weights"].get(label, 0.0) for part in parts])) for label in labels}
    return {label: share for label, share in shares.items() if share > 0}


def summary(rows: Sequence[Row]) -> Row:
    """Counts over tasks."""
    return {
        "tasks": len(rows),
        "floors_met": sum(row["floor_met"] for row in rows),
        "ambitions_met": sum(row["ambition_met"] for row in rows),
        "best_or_tied": sum(row["tied"] for row in rows),
        "far_behind": [row["task"] for row in rows if row["behind"] > FAR],
        **_gains([row["without_pretrained"] for row in rows if "without_pretrained" in row]),
        "test_rows_unread": sum(row["n_test_unread"] for row in rows),
        "test_rows_shared": sum(row["n_shared"] for row in rows),
        "cpu_seconds_a_seed": round(sum(row["cpu_seconds"] for row in rows), 1),
    }


def _gains(found: Sequence[Row]) -> Row:
    if not found:
        return {}
    return {
        "pretrained_tasks": len(found),
        "pretrained_better": sum(row["gain"] > 0 for row in found),
        "pretrained_better_beyond_noise": sum(row["gain_low"] > 0 for row in found),
        "pretrained_worse_beyond_noise": sum(row["gain_high"] < 0 for row in found),
    }


def page(results: Row) -> str:
    """The Markdown of a result."""
    rows, said = results["rows"], results["summary"]
    if not rows:
        raise UsageError("no task was measured")
    return "\n\n".join(
        [
            "# TDC ADMET group",
            _intro(results),
            "## Ours",
            table_of(OURS, rows),
            "## Beside what is published",
            PUBLISHED,
            table_of(BESIDE, rows),
            *_pretrained_text(rows, said),
            "## What the test parts share with train_val",
            _shared_text(said),
            table_of(SHARED, [row for row in rows if row["n_shared"] or row["n_test_unread"]]),
            "## Out of fold",
            "Means over seeds; the share of a member is its mean weight in the stack.",
            table_of(CHOSEN, rows),
            "",
        ]
    )


def _intro(results: Row) -> str:
    said = results["summary"]
    far = ", ".join(said["far_behind"]) or "none"
    return (
        f"`{results['command']}`, yaokit {results['version']}, {len(results['seeds'])} seed(s), "
        f"{results['seconds']:,.0f} s ({said['cpu_seconds_a_seed'] / 60:.0f} CPU-minutes of fits a seed). "
        "How it is measured stands in [benchmarks](../benchmarks.md).\n\n"
        f"Of {said['tasks']} tasks {said['floors_met']} reach the floor and {said['ambitions_met']} the "
        f"ambition; {said['best_or_tied']} are better than the best clean published entry or tied with it; "
        f"more than 10 % behind it: {far}."
    )


PUBLISHED = (
    "The rows of `published.csv` with the marks they have there; parts are second-hand. “Clean” is the best "
    "entry that is not marked with †, ⚠ or a leak flag: those may have learned from labels of the same "
    "molecules. “Tied” means that it lies within our 95 % interval (test rows drawn again); that interval is "
    "wide where the test part is small."
)


def _pretrained_text(rows: Sequence[Row], said: Row) -> list[str]:
    """A section, if there are such members."""
    if not (found := [row for row in rows if "without_pretrained" in row]):
        return []
    return [
        "## What pre-training gives",
        "The same stack without the members that read a pre-trained network, weighed anew on the same folds. "
        f"With them {said['pretrained_better']} of {said['pretrained_tasks']} tasks are better, "
        f"{said['pretrained_better_beyond_noise']} beyond the noise (95 % of the gain when test rows are "
        f"drawn again), and {said['pretrained_worse_beyond_noise']} are worse beyond it. "
        "A gain above 0 is better.",
        table_of(GAINS, found),
    ]


def _shared_text(said: Row) -> str:
    return (
        f"{said['test_rows_shared']} test rows have a molecule that stands in train_val too (connectivity "
        "block of the InChIKey of the standardized parent); it was learned from, as the group gives it. "
        f"{said['test_rows_unread']} test rows do not parse: they keep their place and are answered with the "
        "middle of train_val. Tasks with neither are left out."
    )


def _ours(row: Row) -> str:
    return plus_minus(row["mean"], row["sd"])


def _shares_text(row: Row) -> str:
    return ", ".join(
        f"{label} {share:.2f}" for label, share in sorted(row["weights"].items(), key=lambda x: -x[1])
    )


OURS = {
    "Task": lambda r: r["task"],
    "Measure": lambda r: f"{r['metric']} {'↑' if r['better'] == 'higher' else '↓'}",
    "n train, test": lambda r: f"{r['n_train']:,}, {r['n_test']:,}",
    "Ours": _ours,
    "95 %": lambda r: f"{number(r['low'])}–{number(r['high'])}",
    "Floor": lambda r: f"{r['floor']:g} {'met' if r['floor_met'] else '**missed**'}",
    "Ambition": lambda r: f"{r['ambition']:g}{' met' if r['ambition_met'] else ''}",
    "Best clean": lambda r: f"{r['best_clean']:g} {r['best_clean_method']}",
    "Verdict": lambda r: "better or tied" if r["tied"] else f"{r['behind']:.0%} behind",
}
BESIDE = {
    "Task": lambda r: r["task"],
    "Ours": _ours,
    "Best known": lambda r: r["published"]["best_known_entry"],
    **{name.replace("_", " + "): lambda r, name=name: r["published"][name] or "–" for name in METHODS},
}
GAINS = {
    "Task": lambda r: r["task"],
    "Measure": lambda r: f"{r['metric']} {'↑' if r['better'] == 'higher' else '↓'}",
    "With": _ours,
    "Without": lambda r: plus_minus(r["without_pretrained"]["mean"], r["without_pretrained"]["sd"]),
    "Gain": lambda r: f"{r['without_pretrained']['gain']:+.3f}",
    "95 %": lambda r: " to ".join(
        f"{r['without_pretrained'][end]:+.3f}" for end in ("gain_low", "gain_high")
    ),
    "Out of fold, with": lambda r: number(r["out_of_fold"]),
    "Out of fold, without": lambda r: number(r["without_pretrained"]["out_of_fold"]),
}
SHARED = {
    "Task": lambda r: r["task"],
    "Test rows": lambda r: f"{r['n_test']:,}",
    "Shared": lambda r: r["n_shared"],
    "Do not parse": lambda r: r["n_test_unread"],
    "With them": lambda r: number(r["mean"]),
    "Without shared": lambda r: number(r["without_shared"]),
}
CHOSEN = {
    "Task": lambda r: r["task"],
    "Stack": lambda r: number(r["out_of_fold"]),
    "Best alone": lambda r: _best_alone(r),
    "Scale": lambda r: ", ".join(sorted(set(r["scales"]))),
    "Weights": lambda r: ", ".join(sorted(set(r["ways"]))),
    "Shares": _shares_text,
    "CPU s a seed": lambda r: f"{r['cpu_seconds']:.0f}",
}


def _best_alone(row: Row) -> str:
    sign = 1 if row["better"] == "higher" else -1
    label, value = max(row["alone"].items(), key=lambda item: sign * item[1])
    return f"{number(value)} {label}"
