"""The page: whole, self-contained, safe with hostile names, honest when things are missing."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from toy_pages import Page

from yaokit.core.store import write_json
from yaokit.report.html import SECTIONS, page_environment, write_report
from yaokit.report.run import StepFolder


def render(out: Path, folders: list[StepFolder], about: dict[str, Any]) -> Page:
    write_report(out, folders, about)
    return Page((out / "report.html").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def page(run_folders: list[StepFolder], about: dict, tmp_path_factory: pytest.TempPathFactory) -> Page:
    return render(tmp_path_factory.mktemp("page"), run_folders, about)


def replaced(step: StepFolder, path: Path, **files: Any) -> StepFolder:
    """The step in a new folder: its files, some replaced (name without suffix → table or JSON value)."""
    path.mkdir()
    for file in step.path.iterdir():
        (path / file.name).write_bytes(file.read_bytes())
    for name, value in files.items():
        if isinstance(value, pa.Table):
            pq.write_table(value, path / f"{name}.parquet")
        else:
            write_json(path / f"{name}.json", value)
    return StepFolder(step.kind, step.name, path)


def with_candidates(folders: list[StepFolder], path: Path, table: pa.Table) -> list[StepFolder]:
    return [replaced(s, path, candidates=table) if s.kind == "rank" else s for s in folders]


def ranked(folders: list[StepFolder]) -> pa.Table:
    table = next(s for s in folders if s.kind == "rank").table("candidates.parquet")
    assert table is not None
    return table


def test_all_sections_are_there_in_order(page: Page):
    assert [a["id"] for a in page.all("section")] == [anchor for anchor, *_ in SECTIONS]


def test_nothing_is_loaded_from_anywhere(page: Page):
    for tag, attributes in page.tags:
        assert not attributes.get("src"), tag
        assert (attributes.get("href") or "#").startswith(("#", "data:,")), tag


def test_every_shown_structure_is_drawn_once(page: Page):
    symbols = [a["id"] for a in page.all("symbol")]
    used = [(a["href"] or "")[1:] for a in page.all("use")]
    assert len(symbols) == len(set(symbols))
    assert set(used) == set(symbols)
    assert len(page.all("svg", "mol")) == len(used)


def test_each_candidate_has_its_card_with_neighbors_and_contributions(
    page: Page, run_folders: list[StepFolder]
):
    n = len(ranked(run_folders))
    assert len(page.all("article", "card")) == n
    assert len(page.all("figure", "contributions")) == n
    assert "not computed" in page.text
    for a in page.all("article", "card"):
        assert json.loads(a["data-sort"] or "")["rank"] >= 1


def test_each_chart_says_n_split_seed_and_baseline(page: Page):
    text = page.source
    captions = re.findall(r'<svg class="chart.*?</svg>\s*<figcaption>(.*?)</figcaption>', text, re.S)
    assert len(captions) == text.count('<svg class="chart')
    for caption in captions:
        assert all(word in caption.lower() for word in ("n =", "split", "seed", "baseline")), caption


def test_warnings_are_said_plainly(page: Page):
    for words in (
        "The unit of pActivity is not known",
        "ZINC250k is far from the measured molecules",
        "1 of 12 candidates nearly repeats a measured molecule",
        "1 of 12 candidates has stereo centers",
        "Not computed in this run: ADMET and synthesis routes",
    ):
        assert words in page.text


def test_a_model_no_better_than_its_baseline_is_said_so(
    run_folders: list[StepFolder], about: dict, metrics: Any, tmp_path: Path
):
    worse = {"difference": 0.02, "low": -0.01, "high": 0.05, "p": 0.2, "effect_size": 0.1, "better": False}
    changed = metrics(60, comparison={"forest": {**worse, "n_folds": 25}})
    folders = [
        replaced(s, tmp_path / "t", metrics={"tasks": [changed], "per_fold": []}) if s.kind == "train" else s
        for s in run_folders
    ]
    page = render(tmp_path, folders, about)
    assert "the model is not better than the forest baseline" in page.text
    assert "Not better beyond the noise: its RMSE is 0.020 higher" in page.text


def test_hostile_names_stay_text(run_folders: list[StepFolder], about: dict, tmp_path: Path):
    evil = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>"
    table = ranked(run_folders)
    table = table.set_column(table.column_names.index("id"), "id", pa.array([evil] * len(table)))
    table = table.set_column(table.column_names.index("source"), "source", pa.array([evil] * len(table)))
    table = table.append_column(f"d_{evil}", pa.array([0.5] * len(table)))
    folders = with_candidates(run_folders, tmp_path / "r", table)
    page = render(tmp_path, folders, {**about, "title": evil, "created_from": evil, "command": evil})
    assert page.all("img") == []
    assert len(page.all("script")) == 2
    assert "alert(1)" in page.text


@pytest.mark.parametrize("n", [0, 1])
def test_few_candidates_still_give_a_page(run_folders: list[StepFolder], about: dict, tmp_path: Path, n: int):
    folders = with_candidates(run_folders, tmp_path / "r", ranked(run_folders).slice(0, n))
    page = render(tmp_path, folders, about)
    assert len(page.all("article", "card")) == n
    assert ("There are no candidates" in page.text) == (n == 0)


def test_unknown_predictions_are_shown_as_unknown(run_folders: list[StepFolder], about: dict, tmp_path: Path):
    table = ranked(run_folders)
    for part in ("pred", "low", "high", "std"):
        name = f"pActivity_{part}"
        table = table.set_column(table.column_names.index(name), name, pa.array([float("nan")] * len(table)))
    table = table.drop_columns(["contributions"])
    page = render(tmp_path, with_candidates(run_folders, tmp_path / "r", table), about)
    assert f"{len(table)} of {len(table)} candidates have no prediction" in page.text
    assert "nan" not in page.text.lower().split()


def test_a_run_without_optional_steps_gives_a_page(
    run_folders: list[StepFolder], about: dict, tmp_path: Path
):
    page = render(tmp_path, [s for s in run_folders if s.kind in ("curate", "train")], about)
    ids = [a["id"] for a in page.all("section")]
    assert "libraries" not in ids
    assert "quality" in ids


def test_an_empty_run_gives_a_page(tmp_path: Path):
    page = render(tmp_path, [], {})
    assert "There are no candidates" in page.text


def test_two_tasks_are_both_shown(run_folders: list[StepFolder], about: dict, metrics: Any, tmp_path: Path):
    table = ranked(run_folders)
    for part in ("pred", "std", "low", "high"):
        table = table.append_column(f"herg_{part}", table[f"pActivity_{part}"])
    tasks = [metrics(50, task="herg", comparison={}), metrics(60)]
    folders = [
        replaced(s, tmp_path / "t", metrics={"tasks": tasks, "per_fold": []}) if s.kind == "train" else s
        for s in with_candidates(run_folders, tmp_path / "r", table)
    ]
    targets = {**about["targets"], "herg": {"goal": "minimize", "unit": "nM", "main": False}}
    page = render(tmp_path, folders, {**about, "targets": targets})
    assert len(page.all("div", "prediction")) == 2 * len(table)


def test_the_map_gets_no_broken_json(page: Page):
    found = re.search(r'<script type="application/json" id="points">(.*?)</script>', page.source, re.S)
    assert found
    points = json.loads(found[1])
    groups = {p["g"] for p in points}
    assert {"measured", "candidate", "screen-parts"} <= groups
    assert all(p["m"] is not None for p in points)


def test_a_campaign_of_classes_speaks_of_probabilities(
    run_folders: list[StepFolder], about: dict, class_metrics: Any, model_folders: dict, tmp_path: Path
):
    oof = pq.read_table(model_folders["classes"] / "oof.parquet")
    oof = oof.set_column(oof.column_names.index("task"), "task", pa.array(["pActivity"] * len(oof)))
    table = ranked(run_folders)
    for part, value in (("pred", 0.8), ("low", 0.7), ("high", 0.9), ("std", 0.4)):
        name = f"pActivity_{part}"
        table = table.set_column(table.column_names.index(name), name, pa.array([value] * len(table)))
    table = table.append_column("pActivity_set", pa.array(["both"] * len(table)))
    labels = np.array([0.0, 1.0] * 30)
    changed = {"tasks": [class_metrics(labels, task="pActivity")], "per_fold": []}
    folders = [
        replaced(s, tmp_path / "t", metrics=changed, oof=oof) if s.kind == "train" else s
        for s in with_candidates(run_folders, tmp_path / "r", table)
    ]
    page = render(tmp_path, folders, about)
    for words in (
        "highest probability of pActivity 0.80 between 0.70 and 0.90",
        "how well the model ranks",
        "between 0.70 and 0.90 · either class",
        "Probability of pActivity and its bounds",
        "Better: its AUROC is 0.090 higher",
    ):
        assert words in page.text, words
    assert "The unit of pActivity is not known" not in page.text
    assert "nan" not in page.text.lower().split()


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (6.125, "6.12"),
        (-0.5, "−0.50"),
        (0.0, "0.00"),
        (0.00316, "0.0032"),
        (-4.26e-8, "−4.3e−08"),
        (None, "–"),
    ],
)
def test_numbers_are_shown_in_every_unit(value: float | None, shown: str):
    assert page_environment().filters["number"](value) == shown
