"""What every entry of MODELS promises."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from toy_runs import TASK, measured, small_trusted

from yaokit.core.errors import UsageError
from yaokit.core.lazy import resolve
from yaokit.core.table import MolTable
from yaokit.core.types import Prediction
from yaokit.models import MODELS, Predictor, load

SMALLER = {
    "forest": {"n_trees": 20},
    "boosting": {"rounds": 80},
    "mlp": {"networks": 1, "epochs": 10},
    "cnn": {"width": 48, "epochs": 25, "batch_size": 16, "views": 2},
    "rnn": {"width": 48, "depth": 1, "epochs": 25, "batch_size": 16, "views": 2},
    "transformer": {"width": 48, "depth": 2, "epochs": 30, "batch_size": 16, "views": 2},
    "gnn": {"networks": 1, "hidden": 64, "epochs": 15, "lr": 3e-3},
}
FLOAT32 = ("cnn", "rnn", "transformer", "gnn")  # sums depend a little on what else is in the batch
NUMBERS = ("mean", "std", "low", "high", "nearest_similarity")
ELSEWHERE = """
import sys
import numpy as np
from pathlib import Path
from toy_runs import measured
from yaokit.models import load
np.save(sys.argv[2], load(Path(sys.argv[1])).predict(measured(30, 5)).mean)
"""


def unfitted(name: str, seed: int = 0) -> Predictor:
    if name == "trusted":
        return small_trusted(seed)
    model = resolve(MODELS[name])(seed=seed)
    for setting, value in SMALLER.get(name, {}).items():
        setattr(model, setting, value)
    return model


@pytest.fixture(scope="module", params=list(MODELS))
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def model(name: str) -> Predictor:
    """One fitted model of each kind; tests must not change it."""
    return unfitted(name).fit(measured(90), [TASK])


@pytest.fixture(scope="module")
def near(name: str) -> float:
    """How far apart two predictions may lie that differ in their batches only."""
    return 1e-4 if name in FLOAT32 else 1e-9


@pytest.fixture(scope="module")
def folder(model: Predictor, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("model") / "saved"
    model.save(out)
    return out


@pytest.fixture(scope="module")
def others() -> MolTable:
    return measured(30, 5)


def same(first: Prediction, second: Prediction, atol: float = 0.0) -> bool:
    return all(
        np.allclose(getattr(first, k), getattr(second, k), rtol=0, atol=atol, equal_nan=True) for k in NUMBERS
    ) and np.array_equal(first.in_domain, second.in_domain)


def rows(prediction: Prediction, at: np.ndarray | slice) -> Prediction:
    return Prediction(
        prediction.tasks, *(getattr(prediction, k)[at] for k in (*NUMBERS[:4], "in_domain", NUMBERS[4]))
    )


def test_a_prediction_has_a_row_per_molecule_and_a_column_per_task(model: Predictor, others: MolTable):
    found = model.predict(others)
    assert found.tasks == model.tasks == (TASK,)
    assert found.mean.shape == (30, 1)
    assert found.mean.dtype == np.float64
    assert np.isfinite(found.mean).all()


def test_permuted_rows_give_permuted_predictions(model: Predictor, others: MolTable, near: float):
    order = np.random.default_rng(0).permutation(30)
    assert same(model.predict(others.take(order)), rows(model.predict(others), order), near)


def test_batch_borders_change_nothing(model: Predictor, others: MolTable, near: float):
    parts = [model.predict(part) for part in others.batches(7)]
    assert same(Prediction.concat(parts), model.predict(others), near)


def test_a_smiles_that_does_not_parse_is_nan_in_its_place(model: Predictor, others: MolTable, near: float):
    smiles = others.smiles[:4]
    found = model.predict(MolTable.of([smiles[0], "C1CC", smiles[1], "", smiles[2], "C[Q]", smiles[3]]))
    failed = np.array([False, True, False, True, False, True, False])
    assert (np.isnan(found.mean[:, 0]) == failed).all()
    assert not found.in_domain[failed].any()
    assert np.isnan(found.nearest_similarity[failed]).all()
    assert same(rows(found, ~failed), model.predict(MolTable.of(smiles)), near)


def test_no_molecules_give_an_empty_prediction(model: Predictor):
    assert model.predict(MolTable.of([])).mean.shape == (0, 1)
    assert model.predict(MolTable.of(["nonsense"])).mean.shape == (1, 1)


def test_a_loaded_model_predicts_the_same(model: Predictor, folder: Path, others: MolTable):
    loaded = load(folder)
    assert type(loaded) is type(model)
    assert loaded.tasks == model.tasks
    assert same(loaded.predict(others), model.predict(others))


def test_a_loaded_model_saves_itself_again(folder: Path, others: MolTable, tmp_path: Path):
    load(folder).save(tmp_path / "again")
    assert same(load(tmp_path / "again").predict(others), load(folder).predict(others))


def test_another_process_predicts_the_same(model: Predictor, folder: Path, others: MolTable, tmp_path: Path):
    here = str(Path(__file__).parents[1])
    subprocess.run(
        [sys.executable, "-c", ELSEWHERE, folder, tmp_path / "mean.npy"],
        check=True,
        env={"PYTHONPATH": here},
    )
    assert np.allclose(np.load(tmp_path / "mean.npy"), model.predict(others).mean, rtol=0, atol=1e-9)


def test_the_same_seed_gives_the_same_model(name: str, model: Predictor, others: MolTable):
    assert same(unfitted(name).fit(measured(90), [TASK]).predict(others), model.predict(others))


def test_it_learns_more_than_the_mean(model: Predictor, others: MolTable):
    y, known = others.column(TASK), measured(90).column(TASK)
    error = model.predict(others).mean[:, 0] - y
    assert np.sqrt(np.mean(error**2)) < 0.9 * np.sqrt(np.mean((y - known.mean()) ** 2))


def test_a_folder_holds_no_pickle(folder: Path):
    endings = {path.suffix for path in folder.rglob("*") if path.is_file()}
    assert endings <= {".json", ".safetensors", ".txt", ".parquet"}


def test_each_task_learns_from_the_values_it_has(name: str, others: MolTable):
    table = measured(90)
    y = table.column(TASK)
    table = table.with_columns({"half": np.where(np.arange(90) % 2, 20 - y, np.nan)})
    found = unfitted(name).fit(table, [TASK, "half"]).predict(others)
    assert found.mean.shape == (30, 2)
    for task, wanted in enumerate((others.column(TASK), 20 - others.column(TASK))):
        assert np.corrcoef(found.mean[:, task], wanted)[0, 1] > 0.3


def test_a_folder_that_is_no_model_is_refused(tmp_path: Path):
    with pytest.raises(UsageError, match=r"not a model folder: it has no card\.json"):
        load(tmp_path)


def without_card_keys(folder: Path) -> None:
    (folder / "card.json").write_text('{"format": 1}')


def with_foreign_card(folder: Path) -> None:
    (folder / "card.json").write_text('{"format": 3, "model": "perceptron"}')


def with_broken_card(folder: Path) -> None:
    (folder / "card.json").write_bytes(b"\xff{")


def of_the_future(folder: Path) -> None:
    (folder / "card.json").write_text('{"format": 99, "yaokit": "9.0"}')


def without_arrays(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file() and path.name != "card.json":
            path.unlink()


def with_cut_files(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file() and path.name != "card.json":
            path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


DAMAGE = [
    without_card_keys,
    with_foreign_card,
    with_broken_card,
    of_the_future,
    without_arrays,
    with_cut_files,
]


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_folder_is_refused(damage: Callable[[Path], None], folder: Path, tmp_path: Path):
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    damage(copy)
    with pytest.raises(UsageError, match=r"model|damaged|missing"):
        load(copy)
