"""The stack: what it learns from, what it refuses, and what it tells beside a number."""

from pathlib import Path
from typing import cast

import numpy as np
import pyarrow.parquet as pq
import pytest
from toy_gaps import OTHER, model_with_gaps, with_gaps
from toy_runs import TASK, measured, series, small_model, small_trusted

from yaokit.chem.similarity import nearest
from yaokit.core.errors import NothingUsable, UsageError
from yaokit.core.store import read_json
from yaokit.core.table import MolTable
from yaokit.models import load
from yaokit.models.learnable import read_targets
from yaokit.models.stacking import LIKELIHOOD, WAYS
from yaokit.models.trusted import Trusted
from yaokit.models.validation import Validation
from yaokit.report.choices import untuned


@pytest.fixture(scope="module")
def fitted() -> Trusted:
    table = measured(80)
    relation = ["="] * 70 + [">", "<"] * 5
    second = np.where(np.arange(80) % 2, table.column(TASK), np.nan)
    table = table.with_columns({f"{TASK}_relation": relation, "second": second})
    return small_trusted().fit(table, [TASK, "second"])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_model(tmp_path_factory)


def test_censored_values_are_counted_and_never_judged(fitted: Trusted):
    first, second = fitted.metrics()["tasks"]
    assert (first["n"], first["n_censored"]) == (70, 10)
    assert (second["n"], second["n_censored"]) == (40, 0)
    assert fitted.n_rows == 80


def test_approximate_values_count_as_exact():
    table = measured(4).with_columns({f"{TASK}_relation": ["=", "~", None, ">"]})
    y = read_targets(table, [TASK], {})
    assert y.exact[:, 0].tolist() == [True, True, True, False]
    assert y.bounds[:, 0].tolist() == [0, 0, 0, 1]


def test_infinite_values_are_unknown():
    y = read_targets(MolTable.of(["C", "CC"], columns={"v": [np.inf, 1.5]}), ["v"], {})
    assert y.known[:, 0].tolist() == [False, True]


def test_a_column_of_text_is_refused():
    table = measured(30).with_columns({"words": ["high"] * 30})
    with pytest.raises(UsageError, match="'words' holds text"):
        small_trusted().fit(table, ["words"])


def test_a_missing_column_lists_the_others():
    with pytest.raises(UsageError, match=f"no column 'pIC50' to learn; there are: .*{TASK}"):
        small_trusted().fit(measured(30), ["pIC50"])


def test_too_few_values_are_not_enough():
    with pytest.raises(NothingUsable, match=r"24 molecules .* at least 25"):
        small_trusted().fit(measured(24), [TASK])


def test_equal_values_teach_nothing():
    table = measured(30).with_columns({TASK: np.full(30, 6.0)})
    with pytest.raises(NothingUsable, match=f"every value of '{TASK}' is 6: there is nothing to learn"):
        small_trusted().fit(table, [TASK])


def test_values_that_lie_in_one_fold_only_are_refused():
    rings = [f"c1ccccc1{'C' * i}" for i in range(1, 41)]  # one scaffold, one fold
    smiles = rings + series(60)[0]
    y = np.random.default_rng(0).normal(6, 1, 100)
    table = MolTable.of(smiles, columns={"all": y, "few": np.where(np.arange(100) < 40, y, np.nan)})
    model = Trusted(("nearest",), validation=Validation("scaffold", 3, 1))
    with pytest.raises(NothingUsable, match=r"'few' .*random"):
        model.fit(table, ["all", "few"])


def test_a_class_that_lies_in_one_fold_only_is_refused():
    smiles = [f"c1ccccc1{'C' * i}" for i in range(1, 17)] + series(60)[0]  # 16 of one scaffold, one fold
    table = MolTable.of(smiles, columns={"toxic": np.where(np.arange(76) < 8, 1.0, 0.0)})
    model = Trusted(("nearest",), validation=Validation("scaffold", 3, 1))
    with pytest.raises(NothingUsable, match="have seen no molecule of class 1; choose --split random"):
        model.fit(table, ["toxic"])


@pytest.mark.parametrize("members", [("bosting",), ("trusted",), ("boosting", "boosting"), ()])
def test_only_known_single_models_can_be_stacked(members: tuple[str, ...]):
    with pytest.raises(UsageError, match=r"boosting, .*mlp, nearest"):
        small_trusted(members=members).fit(measured(30), [TASK])


def test_an_unknown_split_lists_those_there_are():
    model = Trusted(("nearest",), validation=Validation("scafold", 3, 1))
    with pytest.raises(UsageError, match="'scafold'; choose one of: butina, random, scaffold"):
        model.fit(measured(30), [TASK])


def test_more_folds_than_scaffolds_say_what_to_do():
    chains = [f"c1ccccc1{'C' * i}" for i in range(1, 31)]
    table = MolTable.of(chains, columns={TASK: np.arange(30.0)})
    with pytest.raises(UsageError, match="split at random"):
        Trusted(("nearest",), validation=Validation("scaffold", 3, 1)).fit(table, [TASK])


def test_metrics_hold_the_baselines_and_the_comparison(fitted: Trusted):
    for task in fitted.metrics()["tasks"]:
        assert list(task["models"]) == ["nearest", "forest", "boosting", "stack"]
        assert set(task["comparison"]) == {"nearest", "forest"}
        assert task["weights"] == {"boosting": pytest.approx(1.0)}
        assert 0.5 < task["interval"]["coverage"] <= 1.0


def test_the_table_of_predictions_repeats_the_metrics(fitted: Trusted):
    oof = fitted.oof()
    rows = [r for r in oof.to_pylist() if r["task"] == TASK]
    assert len(rows) == 70
    assert len({r["id"] for r in rows}) == 70
    error = [np.sqrt(np.mean([(r["stack"] - r["y"]) ** 2 for r in rows if r["fold"] == f])) for f in range(3)]
    assert fitted.metrics()["tasks"][0]["models"]["stack"]["rmse"]["mean"] == pytest.approx(np.mean(error))


def test_neighbors_are_the_most_similar_with_their_values(fitted: Trusted):
    from rdkit import Chem

    smiles, ids, y = series(80)
    found = fitted.neighbors([Chem.MolFromSmiles(smiles[4])], k=2)
    assert found.ids[0][0] == ids[4]
    assert found.similarity[0, 0] == pytest.approx(1.0)
    assert found.similarity[0, 1] < 1.0
    assert found.values[0, 0] == pytest.approx([y[4], np.nan], nan_ok=True)


def test_other_spellings_of_a_molecule_are_predicted_alike(fitted: Trusted):
    smiles = series(80)[0][7]
    from rdkit import Chem

    mol = Chem.MolFromSmiles(smiles)
    spelled = [smiles, Chem.MolToSmiles(mol, doRandom=True), f"{smiles}.Cl", f"{smiles}.[Na+].[Cl-]"]
    mean = fitted.predict(MolTable.of(spelled)).mean
    assert np.ptp(mean[:, 0]) < 1e-9


def test_far_from_everything_it_says_so_with_a_wide_interval(fitted: Trusted):
    found = fitted.predict(MolTable.of([series(80)[0][0], "C(C(C(C(F)(F)F)(F)F)(F)F)O"]))
    half = (found.high - found.low)[:, 0] / 2
    assert found.nearest_similarity[1] < 0.2
    assert not found.in_domain[1].any()
    assert half[1] >= half[0]


def test_the_card_says_what_it_learned_from_and_how(folder: Path):
    card = read_json(folder / "card.json")
    assert card["data"]["n"] == 120
    assert card["members"] == ["boosting"]
    assert card["validation"] == {"split": "random", "folds": 3, "repeats": 1, "seed": 0}
    assert card["standardizer"]["largest_fragment"] is True
    assert card["tasks"][0]["goal"] == "maximize"
    assert {"versions", "limits", "intended_use", "contains", "features"} <= card.keys()


def test_the_training_molecules_travel_with_the_model(folder: Path):
    smiles, ids, _ = series(120)
    assert pq.read_table(folder / "training.parquet").to_pydict() == {"id": ids, "smiles": smiles}
    assert load(folder).n_rows == 120


@pytest.mark.parametrize(("n_active", "what"), [(0, "every value"), (3, "class 1 of 'active' has 3")])
def test_too_few_of_a_class_are_told(n_active: int, what: str):
    table = measured(40).with_columns({"active": [float(i < n_active) for i in range(40)]})
    with pytest.raises(NothingUsable, match=what):
        Trusted(("boosting",)).fit(table, ["active"])


def test_a_number_that_is_no_class_is_named():
    table = measured(40).with_columns({"active": [float(i % 2) for i in range(39)] + [0.5]})
    with pytest.raises(UsageError, match=r"holds 0\.5, which is no class"):
        Trusted(("boosting",), kinds={"active": "classification"}).fit(table, ["active"])


def test_weights_must_be_numbers_of_zero_or_more():
    table = measured(40).with_columns({"w": [1.0] * 39 + [-1.0]})
    with pytest.raises(UsageError, match=r"1 of 40 .* in 'w' .* has '-1\.0'\); weights are numbers"):
        Trusted(("boosting",), weight="w").fit(table, [TASK])
    table = measured(40).with_columns({"w": [1.0] * 37 + [None] * 3})
    with pytest.raises(UsageError, match=r"3 of 40 molecules have no usable weight .* has an empty cell"):
        Trusted(("boosting",), weight="w").fit(table, [TASK])


def test_rows_without_weight_do_not_make_enough_to_learn_from():
    table = measured(40).with_columns({"w": [float(i < 20) for i in range(40)]})
    with pytest.raises(NothingUsable, match="20 molecules have an exact value"):
        Trusted(("boosting",), weight="w").fit(table, [TASK])


def test_a_constant_that_is_not_exact_in_binary_is_constant():
    table = measured(40).with_columns({"same": [5.3] * 40})
    with pytest.raises(NothingUsable, match=r"every value of 'same' is 5\.3"):
        Trusted(("boosting",)).fit(table, ["same"])


def test_without_classes_there_is_nothing_to_balance():
    with pytest.raises(UsageError, match="no target has classes; leave out --balanced"):
        read_targets(measured(10), [TASK], {}, balanced=True)


def test_balanced_classes_count_the_same():
    table = measured(40).with_columns({"active": [float(i < 10) for i in range(40)]})
    y = read_targets(table, ["active"], {}, balanced=True)
    assert y.weights[:10].sum() == pytest.approx(y.weights[10:].sum())


@pytest.fixture(scope="module")
def gaps(tmp_path_factory: pytest.TempPathFactory) -> Trusted:
    return cast(Trusted, load(model_with_gaps(tmp_path_factory)))


def test_a_task_is_not_trusted_where_only_another_was_measured(gaps: Trusted):
    table = with_gaps()
    known, y = gaps.predict(table), table.column(TASK)[:60]
    assert known.in_domain[:60, 0].any()
    assert not known.in_domain[60:, 0].any()  # learned from, but not for this task
    guess = 2 * np.quantile(np.abs(y - y.mean()), 0.9)
    assert ((known.high - known.low)[60:, 0] >= guess - 1e-9).all()
    assert np.median(known.nearest_similarity[60:]) == 1.0  # to a molecule of any task


def test_a_fold_is_judged_by_the_similarity_to_the_tasks_own_molecules(fitted: Trusted):
    oof = [row for row in fitted.oof().to_pylist() if row["task"] == "second"]  # measured in every other one
    rows, fold, told = (np.array([row[k] for row in oof]) for k in ("row", "fold", "nearest_similarity"))
    X = fitted.training[0]
    for k in range(3):
        here = fold == k
        assert np.array_equal(told[here], nearest(X[rows[here]], X[rows[~here]])[0][:, 0])


def test_bounds_and_values_of_no_weight_put_nothing_into_the_domain():
    relation = ["="] * 60 + [">"] * 20
    weight = [1.0] * 40 + [0.0] * 20 + [1.0] * 20
    table = measured(80).with_columns({f"{TASK}_relation": relation, "w": weight})
    model = Trusted(("nearest",), validation=Validation("random", 3, 1), weight="w").fit(table, [TASK])
    X = model.training[0]
    assert model.similarity(X)[:40, 0] == pytest.approx(np.ones(40))
    assert model.similarity(X)[40:, 0].max() < 1
    assert model.predict(table).nearest_similarity == pytest.approx(np.ones(80))


def test_the_neighbors_of_a_task_are_measured_in_it(gaps: Trusted):
    from rdkit import Chem

    mols = [Chem.MolFromSmiles(text) for text in gaps.smiles[60:65]]  # of the other task
    every, own = gaps.neighbors(mols), gaps.neighbors(mols, task=TASK)
    assert every.similarity[:, 0] == pytest.approx(np.ones(5))
    assert np.isnan(every.values[:, 0, 0]).all()
    assert not np.isnan(own.values[:, :, 0]).any()
    assert {name for row in own.ids for name in row} <= set(series(60)[1])
    assert own.similarity.max() < 0.9
    assert gaps.neighbors(mols, task=OTHER).ids[0][0] == "library 0"
    with pytest.raises(UsageError, match=f"no task 'Ki'; it has: {TASK}, {OTHER}"):
        gaps.neighbors(mols, task="Ki")


def test_metrics_tell_how_many_are_judged_and_which_way_is_better():
    part = {
        "part": ["test" if i % 4 == 0 else "train" for i in range(60)],
        "second": measured(60).column(TASK),
    }
    model = Trusted(("nearest",), validation=Validation("column:part", 3, 1), minimize=["second"])
    first, second = model.fit(measured(60).with_columns(part), [TASK, "second"]).metrics()["tasks"]
    assert [(task["n"], task["n_judged"]) for task in (first, second)] == [(60, 15)] * 2
    assert (first["minimize"], second["minimize"]) == (False, True)


SKEWED = {TASK: np.exp(2 * np.random.default_rng(0).normal(size=60))}


@pytest.mark.parametrize(("split", "also"), [("random", True), ("column:part", False)])
def test_a_scale_chosen_on_rows_that_judge_is_told(split: str, also: bool):
    part = {"part": ["test" if i % 4 == 0 else "train" for i in range(60)]}
    model = Trusted(("nearest",), validation=Validation(split, 3, 1), scale="auto")
    (about,) = model.fit(measured(60).with_columns({**SKEWED, **part}), [TASK]).metrics()["tasks"]
    assert about["scale"] in ("linear", "log", "rank")
    assert about["scale_on_judged"] is also


def test_a_scale_that_was_not_chosen_is_not_told_to_be():
    for scale, values in (("log", SKEWED), ("auto", {})):
        model = Trusted(("nearest",), validation=Validation("random", 3, 1), scale=scale)
        (about,) = model.fit(measured(60).with_columns(values), [TASK]).metrics()["tasks"]
        assert not about["scale_on_judged"]


def test_card_and_metrics_tell_the_way_of_the_weights(tmp_path: Path):
    y = measured(60).column(TASK)
    table = measured(60).with_columns({"active": (y > np.median(y)).astype(float)})
    model = small_trusted(members=("nearest", "forest")).fit(table, [TASK, "active"])
    model.save(tmp_path / "m")
    number, label = read_json(tmp_path / "m" / "card.json")["tasks"]
    assert number["way"] in WAYS
    assert label["way"] == LIKELIHOOD
    assert [task["way"] for task in model.metrics()["tasks"]] == [number["way"], LIKELIHOOD]
    assert load(tmp_path / "m").predict(table).mean == pytest.approx(model.predict(table).mean)


def test_tuned_settings_stand_in_the_card(tmp_path: Path):
    model = small_trusted(members=("nearest", "gp"))
    model.tune = 2
    model.fit(measured(60), [TASK]).save(tmp_path / "m")
    card = read_json(tmp_path / "m" / "card.json")
    assert card["learning"]["settings"]["nearest"]["k"] >= 1
    (about,) = model.metrics()["tasks"]
    assert (about["tuned"], about["tuned_on_judged"]) == (["nearest"], True)
    assert list(untuned(about)) == ["Settings of nearest were tuned; there are none to tune of gp."]
    assert load(tmp_path / "m").predict(measured(5)).mean.shape == (5, 1)
