"""MODEL/report.html: how good a trained model is and what it was made of, from its folder alone."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from markupsafe import Markup

from yaokit.core.reasons import REASONS
from yaokit.core.store import read_json, write_text
from yaokit.data.leakage import told
from yaokit.models.base import read_card
from yaokit.report.axes import finite
from yaokit.report.figures import share_bar, similarity_histogram
from yaokit.report.findings import how, share, summary, warnings
from yaokit.report.html import page_environment
from yaokit.report.measures import kind_of, primary
from yaokit.report.quality import Figure, task_block

NEARLY_ALL = 0.5  # from this share of test molecules nearly in training on, the split is called easy


def write(folder: Path) -> Path:
    """Write report.html into a folder that `yaokit train` made; UsageError if it is none."""
    card = read_card(folder)
    metrics = read_json(folder / "metrics.json")
    rows = _rows(folder / "oof.parquet")
    curation = read_json(path) if (path := folder / "curation.json").exists() else {}
    tasks = metrics["tasks"]
    page = page_environment().get_template("train.html")
    text = page.render(
        title=f"A model of {', '.join(t['task'] for t in tasks)}",
        card=card,
        tasks=[task_block(task, rows) for task in tasks],
        tiles=list(_tiles(tasks[0], card)) if len(tasks) == 1 else [],
        overview=[overview(task) for task in tasks],
        warnings=list(_warnings(metrics, curation)),
        leakage=leakage_figure(metrics.get("leakage"), tasks[0]),
        leakage_told=told(metrics["leakage"]) if metrics.get("leakage") else None,
        alike=alike if (alike := card.get("alike") or {}).get("n_pairs") else None,
        curation=curation,
        funnel=Markup(share_bar(list(_funnel(curation)))) if curation else None,
        reasons=[(code, REASONS.get(code, ""), n) for code, n in curation.get("codes", {}).items()],
        facts=list(_facts(card)),
        version=card.get("yaokit", ""),
    )
    path = folder / "report.html"
    write_text(path, text)
    return path


def overview(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """One row of the table of tasks: its main number beside those of the baselines, and the verdict."""
    main = primary(kind_of(metrics))
    models = metrics.get("models") or {}
    good, verdict = summary(metrics)
    numbers = {name: (models.get(name, {}).get(main.key) or {}).get("mean") for name in ("nearest", "forest")}
    stack = models.get("stack", {}).get(main.key) or {}
    return {
        "task": metrics["task"],
        "kind": kind_of(metrics),
        "n": metrics["n"],
        "measure": main,
        "stack": stack,
        "others": numbers,
        "good": good,
        "verdict": verdict,
    }


def leakage_figure(found: Mapping[str, Any] | None, metrics: Mapping[str, Any]) -> Figure | None:
    """How similar the judged molecules are to those learned from."""
    if not found or not sum(found["similarity"]["counts"]):
        return None
    bins = (metrics.get("domain") or {}).get("similarity_bins") or []
    inside = [(b["low"], b["high"]) for b in bins if b["in_domain"]]
    near = found["similarity"]
    svg = similarity_histogram(near["edges"], near["counts"], inside, "Similarity to the training molecules")
    caption = (
        f"Judged molecules by similarity to the nearest that was learned from; shaded: inside the domain of "
        f"{metrics['task']}. {how(metrics)}; n = {found['n_test']:,}. Baseline: a copy has similarity 1."
    )
    return Figure(Markup(svg), caption)


def _rows(path: Path) -> list[dict[str, Any]]:
    """The rows of the first repeat."""
    if not path.exists():
        return []
    return pq.read_table(path, filters=[("repeat", "=", 0)]).to_pylist()


def _tiles(metrics: Mapping[str, Any], card: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Label, number and note."""
    row = overview(metrics)
    main, stack = row["measure"], row["stack"]
    positive = metrics.get("base_rate")
    note = f"members: {', '.join(card.get('members', []))}"
    if finite([positive]):
        note = f"{share(positive)} of class 1"
    yield "molecules", f"{metrics['n']:,}", note
    if finite([stack.get("mean")]):
        spread = f" ± {stack['std']:.3f}" if finite([stack.get("std")]) else ""
        beside = [f"{name} {v:.3f}" for name, v in row["others"].items() if finite([v])]
        yield f"{main.label}{spread}", f"{stack['mean']:.3f}", f"baselines: {', '.join(beside)}"
    interval = metrics.get("interval") or {}
    if finite([interval.get("coverage")]):
        what = "sets" if row["kind"] == "classification" else "intervals"
        yield f"{what} that held", share(interval["coverage"], 1), f"{share(interval.get('level'))} asked for"
    domain = metrics.get("domain") or {}
    if finite([domain.get("share_in_domain")]):
        yield "inside the domain", share(domain["share_in_domain"]), "of the molecules judged"


def _warnings(metrics: Mapping[str, Any], curation: Mapping[str, Any]) -> Iterator[str]:
    for task in metrics["tasks"]:
        yield from warnings(task)
    found = metrics.get("leakage") or {}
    if same := found.get("same_molecule"):
        yield f"{same:,} judged molecules were learned from too: the errors are flattered."
    if finite([found.get("share_near")]) and found["share_near"] >= NEARLY_ALL:
        yield (
            f"{share(found['share_near'])} of the judged molecules nearly repeat one learned from: "
            "expect larger errors on new chemistry, or judge with --split scaffold."
        )
    yield from curation.get("notes") or []
    if warning := (curation.get("drops") or {}).get("warning"):
        yield warning


def _funnel(curation: Mapping[str, Any]) -> Iterator[tuple[str, int, str]]:
    yield "kept", curation.get("n_kept", 0), "kept"
    yield "merged into a kept row", curation.get("n_merged", 0), "merged"
    for code, n in curation.get("codes", {}).items():
        yield REASONS.get(code) or code, n, "dropped"


def _facts(card: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Name and text of what the card tells."""
    data, plan = card.get("data") or {}, card.get("validation") or {}
    yield "intended use", card.get("intended_use", "")
    yield "members of the stack", ", ".join(card.get("members", []))
    files = [f"{f['name']}, {f['rows']:,} rows, SHA-256 {f['sha256'][:16]}…" for f in data.get("files") or []]
    yield "data", "; ".join(files) or str(data.get("source") or "not stated")
    yield "licence of the data", data.get("licence") or "not stated"
    yield "hash of what was learned", f"{data.get('n', 0):,} molecules, SHA-256 {data.get('sha256', '')}"
    yield "validation", _listed(plan)
    yield "standardized by", _listed(card.get("standardizer") or {})
    yield "sees stereo", _stereo(card)
    if learning := {k: v for k, v in (card.get("learning") or {}).items() if v}:
        yield "told of learning", _listed(learning)
    yield "versions", _listed({"yaokit": card.get("yaokit"), **(card.get("versions") or {})})
    yield "the folder holds", card.get("contains", "")
    yield "key", card.get("key", "")


def _stereo(card: Mapping[str, Any]) -> str:
    """Cards of earlier versions said yes whatever the standardizer removed, and told no limit."""
    features = card.get("features") or {}
    if not (card.get("standardizer") or {}).get("stereo", True):
        return "no: it is removed before the model looks"
    if not features.get("sees_stereo"):
        return "no"
    limit = features.get("stereo_limit")
    return f"in part: {limit}" if limit else "in part: stereoisomers may look equal to the fingerprints"


def _listed(values: Mapping[str, Any]) -> str:
    words = {True: "yes", False: "no"}
    shown: Sequence[tuple[str, Any]] = [
        (k, words[v] if isinstance(v, bool) else v) for k, v in values.items()
    ]
    return ", ".join(f"{k.replace('_', ' ')} {v}" for k, v in shown if v is not None)
