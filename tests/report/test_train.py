"""The report of a model folder: whole, safe, and honest, for values, classes and several tasks."""

import json
import re
import shutil
from pathlib import Path

import pytest
from toy_pages import Page

from yaokit.core.errors import UsageError
from yaokit.core.store import read_json, write_json
from yaokit.report.train import write

KINDS = ("values", "classes", "both")


def rendered(folder: Path, out: Path, **changes: object) -> Page:
    """The page of a copy of the folder, with parts of its first task changed."""
    shutil.copytree(folder, out)
    metrics = read_json(out / "metrics.json")
    metrics["tasks"][0] |= changes
    write_json(out / "metrics.json", metrics)
    return Page(write(out).read_text(encoding="utf-8"))


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_model_has_a_whole_page(kind, model_folders, tmp_path):
    page = rendered(model_folders[kind], tmp_path / "m")
    assert [a["id"] for a in page.all("section")] == ["summary", "quality", "leakage", "data", "card"]
    assert "nan" not in page.text.lower().split()
    assert page.all("script") == []
    for tag, attributes in page.tags:
        assert not attributes.get("src"), tag
        assert (attributes.get("href") or "#").startswith(("#", "data:,")), tag


@pytest.mark.parametrize("kind", KINDS)
def test_each_chart_says_n_split_seed_and_baseline(kind, model_folders, tmp_path):
    text = rendered(model_folders[kind], tmp_path / "m").source
    captions = re.findall(r'<svg class="chart.*?</svg>\s*<figcaption>(.*?)</figcaption>', text, re.S)
    assert len(captions) == text.count('<svg class="chart') > 3
    for caption in captions:
        assert all(word in caption.lower() for word in ("n =", "split", "seed", "baseline")), caption


def test_every_two_models_are_compared_where_there_are_several_members(model_folders, tmp_path):
    test = {"difference": -0.1234, "low": -0.2, "high": -0.1, "p": 0.01, "effect_size": 1.0, "better": True}
    pairs = [{"first": "boosting", "second": "nearest", **test}]
    page = rendered(model_folders["values"], tmp_path / "m", pairs=pairs)
    assert "Every two models in RMSE" in {a["aria-label"] for a in page.all("svg", "chart")}
    assert "0.12*" in page.text
    alone = rendered(model_folders["values"], tmp_path / "n", pairs=pairs, weights={"boosting": 1.0})
    assert "Every two models" not in alone.source


def test_classes_are_judged_by_curves_and_probabilities(model_folders, tmp_path):
    page = rendered(model_folders["classes"], tmp_path / "m")
    drawn = {a["aria-label"] for a in page.all("svg", "chart")}
    assert {"ROC curve", "Precision and recall", "Calibration", "Confusion matrix", "Enrichment"} <= drawn
    assert "Better: its AUROC is 0.090 higher than that of the nearest neighbor" in page.text
    assert "RMSE" not in page.text.replace("RMS error of the probability", "")


def test_the_first_tile_tells_the_share_of_class_1_or_the_members(model_folders, tmp_path):
    assert "38 % of class 1" in rendered(model_folders["classes"], tmp_path / "a", base_rate=0.381).text
    assert "members: boosting, mlp" in rendered(model_folders["values"], tmp_path / "b").text


def test_the_verdict_names_what_the_stack_does_not_beat(model_folders, tmp_path):
    page = rendered(model_folders["classes"], tmp_path / "m")
    assert "better than nearest neighbor, but not than random forest beyond the noise" in page.text
    assert page.all("li", "bad")


def test_the_small_print_tells_what_was_chosen_and_by_which_rows(model_folders, tmp_path):
    told = {"way": "between", "scale": "rank", "scale_on_judged": True, "tuned_on_judged": True}
    text = rendered(model_folders["values"], tmp_path / "a", **told).text
    assert "Weights are half fitted, half equal, of three ways the best in RMSE" in text
    assert "Members learned ranks of the values" in text
    assert "The scale (ranks) was chosen on rows that also judge" in text
    assert "Settings were tuned on folds that also judge" in text
    apart = {**told, "scale_on_judged": False, "tuned_on_judged": False}
    assert "also judge" not in rendered(model_folders["values"], tmp_path / "b", **apart).text


def test_several_tasks_stand_in_one_table(model_folders, tmp_path):
    page = rendered(model_folders["both"], tmp_path / "m")
    assert "A model of pActivity, active" in page.text
    assert {"task-1", "task-2"} <= {a.get("id") for a in page.all("div")}


def test_missing_numbers_are_left_out(model_folders, tmp_path):
    bare = {"comparison": {}, "interval": None, "domain": None, "weights": None, "error_by_similarity": []}
    page = rendered(model_folders["values"], tmp_path / "m", **bare)
    assert "The stack was not compared with a baseline" in page.text
    (tmp_path / "m" / "oof.parquet").unlink()
    (tmp_path / "m" / "curation.json").unlink()
    page = Page(write(tmp_path / "m").read_text(encoding="utf-8"))
    assert "data" not in [a["id"] for a in page.all("section")]


def test_a_learning_curve_is_drawn_when_there_is_one(model_folders, tmp_path):
    points = [{"n": n, "mean": 1 - n / 100, "std": 0.02} for n in (12, 24, 48)]
    curve = {"model": "boosting", "points": points}
    page = rendered(model_folders["values"], tmp_path / "m", learning_curve=curve)
    assert "Learning curve" in {a["aria-label"] for a in page.all("svg", "chart")}


def test_hostile_names_stay_text(model_folders, tmp_path):
    evil = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>"
    page = rendered(model_folders["values"], tmp_path / "m", task=evil, split=evil)
    assert page.all("img") == page.all("script") == []


def test_the_same_folder_gives_the_same_page(model_folders, tmp_path):
    first = rendered(model_folders["both"], tmp_path / "a").source
    assert rendered(model_folders["both"], tmp_path / "b").source == first


def test_a_folder_that_is_no_model_is_refused(tmp_path):
    with pytest.raises(UsageError, match="not a model folder"):
        write(tmp_path)


def test_leakage_is_warned_of(model_folders, tmp_path):
    shutil.copytree(model_folders["values"], tmp_path / "m")
    path = tmp_path / "m" / "metrics.json"
    metrics = json.loads(path.read_text())
    metrics["leakage"] |= {"same_molecule": 3, "share_near": 0.7}
    write_json(path, metrics)
    text = Page(write(tmp_path / "m").read_text(encoding="utf-8")).text
    assert "3 judged molecules were learned from too" in text
    assert "70 % of the judged molecules nearly repeat one learned from" in text


@pytest.mark.parametrize(
    ("standardizer", "features", "told"),
    [
        (
            {"stereo": True},
            {"sees_stereo": True, "stereo_limit": "not that"},
            "sees stereo in part: not that",
        ),
        ({}, {"sees_stereo": True}, "sees stereo in part: stereoisomers may look equal"),
        ({"stereo": False}, {"sees_stereo": True}, "sees stereo no: it is removed"),
    ],
)
def test_the_card_claims_no_more_stereo_than_is_seen(standardizer, features, told, model_folders, tmp_path):
    shutil.copytree(model_folders["values"], tmp_path / "m")
    path = tmp_path / "m" / "card.json"
    write_json(path, read_json(path) | {"standardizer": standardizer, "features": features})
    assert told in Page(write(tmp_path / "m").read_text(encoding="utf-8")).text
    assert "sees stereo yes" not in Page(write(tmp_path / "m").read_text(encoding="utf-8")).text


def test_molecules_that_look_equal_are_named(model_folders, tmp_path):
    shutil.copytree(model_folders["both"], tmp_path / "m")
    path = tmp_path / "m" / "card.json"
    card = read_json(path)
    values = {task["name"]: [5.0, None] for task in card["tasks"]}
    example = {"ids": ["<b>a", "b"], "smiles": ["C[C@H](O)F", "C[C@@H](O)F"], "values": values}
    write_json(path, card | {"alike": {"n_pairs": 31, "n_stereo": 30, "examples": [example]}})
    page = Page(write(tmp_path / "m").read_text(encoding="utf-8"))
    assert (
        "31 pairs of training molecules look equal to the fingerprints, 30 differ in stereo only" in page.text
    )
    assert "<b>a C[C@H](O)F b C[C@@H](O)F 5.00 –" in page.text
    assert "Shown are the 1 whose values differ the most" in page.text
