"""How the transfer benchmark is told: rows, summary, page."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from yaokit.bench.pages import plus_minus, table_of
from yaokit.bench.scores import Measure

Row = dict[str, Any]
FEW = 500  # molecules to which the summary's first numbers go
WAYS = {
    "scratch": "From scratch",
    "tuned": "Fine-tuned",
    "scratch_described": "From scratch, with descriptors",
    "tuned_described": "Fine-tuned, with descriptors",
    "usual": "As nothing is asked for",
    "svm": "Embedding + SVM",
    "gp": "Embedding + GP",
    "forest": "ECFP + forest",
}

OTHERS = {
    "scratch_described": "the network from scratch with descriptors",
    "usual": "the network as it is when nothing is asked for",
    "svm": "support vectors on the embedding",
    "gp": "a Gaussian process on the embedding",
    "forest": "a forest of fingerprints",
}


def task_rows(task: str, measure: Measure, parts: Sequence[Row]) -> list[Row]:
    """A line for each encoder and number of molecules."""
    found = []
    for encoder, uses in parts[0]["uses"].items():
        for size in parts[0]["scores"]:
            ways = {
                way: _over_seeds([part["scores"][size][label] for part in parts])
                for way, label in {**uses, "forest": "forest"}.items()
            }
            found.append(
                {
                    "task": task,
                    "encoder": encoder,
                    "n": int(size),
                    "is_all": int(size) == parts[0]["n_train"],
                    "n_train": parts[0]["n_train"],
                    "n_test": parts[0]["n_test"],
                    "unread": parts[0]["unread"],
                    "beyond_noise": 2 * sum(part["beyond"][size][encoder] for part in parts) > len(parts),
                    "held_out": parts[0]["held_out"][encoder],
                    "metric": measure.label,
                    "better": "higher" if measure.higher else "lower",
                    "ways": ways,
                    "lower_by": {way: _lower_by(ways, way, measure) for way in ways if way != "scratch"},
                    **_described(ways, measure),
                    "cpu_seconds": {
                        way: float(np.mean([part["fit_seconds"][size][label] for part in parts]))
                        for way, label in {**uses, "forest": "forest"}.items()
                    },
                }
            )
    return found


def _over_seeds(values: Sequence[float]) -> Row:
    sd = float(np.std(values, ddof=1)) if len(values) > 1 else None
    return {"mean": float(np.mean(values)), "sd": sd, "values": list(values)}


def _lower_by(ways: Mapping[str, Row], way: str, measure: Measure, than: str = "scratch") -> float:
    """How much lower its error is than that of another way, as a share.

    Of a measure that is better when higher, the error is what is missing to 1.
    """
    mine, other = (_error(ways[name]["mean"], measure) for name in (way, than))
    return 1 - mine / other if other else 0.0


def _described(ways: Mapping[str, Row], measure: Measure) -> Row:
    """What pre-training gives where both have descriptors beside the graph."""
    if "tuned_described" not in ways:
        return {}
    return {"described_lower_by": _lower_by(ways, "tuned_described", measure, "scratch_described")}


def _error(value: float, measure: Measure) -> float:
    return 1 - value if measure.higher else value


def summary(rows: Sequence[Row]) -> Row:
    """Of each encoder: how often the fine-tuned network had the lower error, and by how much."""
    found: Row = {"tasks": len({row["task"] for row in rows})}
    for encoder in dict.fromkeys(row["encoder"] for row in rows):
        mine = [row for row in rows if row["encoder"] == encoder]
        few = [row for row in mine if row["n"] <= FEW]
        found |= {f"{encoder}_{name}": value for name, value in _said(few).items()}
        for size in (100, 500):
            found[f"{encoder}_lower_by_at_{size}"] = _mean_lower([row for row in mine if row["n"] == size])
        found[f"{encoder}_lower_by_at_all"] = _mean_lower([row for row in mine if row["is_all"]])
        for way in _others(mine):
            found[f"{encoder}_tuned_below_{way}"] = sum(_is_below(row, way) for row in few)
        if described := [row["described_lower_by"] for row in few if "described_lower_by" in row]:
            found[f"{encoder}_described_won"] = sum(share > 0 for share in described)
            found[f"{encoder}_described_lower_by"] = round(float(np.mean(described)), 4)
    return {**found, "asked_won": 0.8, "asked_lower_by": 0.1}


def _others(rows: Sequence[Row]) -> list[str]:
    """The other ways that were measured with this encoder."""
    return [way for way in OTHERS if all(way in row["ways"] for row in rows)]


def _said(few: Sequence[Row]) -> Row:
    won = sum(row["lower_by"]["tuned"] > 0 for row in few)
    return {
        "comparisons": len(few),
        "won": won,
        "won_beyond_noise": sum(row["beyond_noise"] for row in few),
        "won_share": round(won / len(few), 3) if few else None,
        "lower_by": _mean_lower(few),
    }


def _mean_lower(rows: Sequence[Row]) -> float | None:
    return round(float(np.mean([row["lower_by"]["tuned"] for row in rows])), 4) if rows else None


def _is_below(row: Row, way: str) -> bool:
    """Whether the fine-tuned network has a lower error than another way."""
    return row["lower_by"]["tuned"] > row["lower_by"][way]


def page(results: Row) -> str:
    """The result in Markdown."""
    rows, said = results["rows"], results["summary"]
    parts = [
        "# Transfer",
        f"`{results['command']}`, yaokit {results['version']}, {len(results['seeds'])} seed(s), "
        f"{results['seconds']:,.0f} s. How it is measured stands in [benchmarks](../benchmarks.md).",
    ]
    for encoder in dict.fromkeys(row["encoder"] for row in rows):
        mine = [row for row in rows if row["encoder"] == encoder]
        parts += [f"## {encoder}", told(encoder, mine, said), table_of(_columns(mine[0]["ways"]), mine)]
    return "\n\n".join([*parts, ""])


def told(encoder: str, rows: Sequence[Row], said: Row) -> str:
    """An encoder's result in words, where it does not help included."""
    few = said[f"{encoder}_comparisons"]
    lower = {name: said[f"{encoder}_lower_by_at_{name}"] for name in (100, 500, "all")}
    sizes = ", ".join(f"{share:.1%} at {name}" for name, share in lower.items() if share is not None)
    worse = [f"{row['task']} at {row['n']:,}" for row in rows if row["lower_by"]["tuned"] <= 0]
    beaten = ", ".join(
        f"{said[f'{encoder}_tuned_below_{way}']} of {few} than {OTHERS[way]}" for way in _others(rows)
    )
    described = (
        f"With descriptors beside the graph, which know much of what pre-training teaches, the fine-tuned "
        f"network wins {said[f'{encoder}_described_won']} of {few}; its error is on average "
        f"{said[f'{encoder}_described_lower_by']:.1%} lower. "
        if f"{encoder}_described_won" in said
        else ""
    )
    return (
        f"Up to {FEW} molecules the fine-tuned network has a lower error than the same network from scratch "
        f"in {said[f'{encoder}_won']} of {few} comparisons (asked for of `graph`: 80 %), in "
        f"{said[f'{encoder}_won_beyond_noise']} beyond the noise of the test rows; its error is on "
        f"average {said[f'{encoder}_lower_by']:.1%} lower (asked: 10 %): {sizes} molecules. It has a lower "
        f"error in {beaten}. {described}"
        + (f"It does not help on {', '.join(worse)}." if worse else "It helps everywhere.")
        + (
            ""
            if all(row["held_out"] for row in rows)
            else " Its card names no molecules that were held out of its corpus: it may know test parts."
        )
    )


def _cell(row: Row, way: str) -> str:
    found = row["ways"][way]
    return plus_minus(found["mean"], found["sd"])


def _columns(ways: Mapping[str, Row]) -> Row:
    """Heading → cell of a row, with a column for each way that was measured."""
    return {
        "Task": lambda r: r["task"],
        "n": lambda r: f"{r['n']:,}{' (all)' if r['n'] == r['n_train'] else ''}",
        "Measure": lambda r: f"{r['metric']} {'↑' if r['better'] == 'higher' else '↓'}",
        **{title: (lambda r, way=way: _cell(r, way)) for way, title in WAYS.items() if way in ways},
        "Error lower by": lambda r: f"{r['lower_by']['tuned']:.1%}",
    }
