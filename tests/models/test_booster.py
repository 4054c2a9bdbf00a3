"""Boosters read from text against LightGBM's own."""

import ctypes
import subprocess
import sys
from copy import deepcopy
from pathlib import Path
from types import SimpleNamespace

import lightgbm
import numpy as np
import pytest
from rdkit import Chem
from scipy.sparse import csr_array, csr_matrix
from toy_runs import TASK, measured, series, small_model

from yaokit.core.errors import UsageError
from yaokit.core.table import MolTable
from yaokit.models import booster
from yaokit.models.booster import Booster
from yaokit.models.boosting import Boosting, _one_sided
from yaokit.models.featurize import featurize
from yaokit.models.targets import CLASSIFICATION, REGRESSION

PREDICT = """
import sys
from pathlib import Path
from yaokit.core.table import MolTable
from yaokit.models import load
from yaokit.models.featurize import featurize_smiles
model = load(Path(sys.argv[1]))
print(model.predict_features(featurize_smiles(model.features, ["CCO"]))[0][0, 0])
heavy = {"lightgbm", "sklearn", "torch", "pandas"} & set(sys.modules)
assert not heavy, heavy
model.predict(MolTable.of(["CCO"]))  # pyarrow imports pandas by itself
heavy = {"lightgbm", "sklearn", "torch"} & set(sys.modules)
assert not heavy, heavy
"""

STACK = """
import sys
from pathlib import Path
from yaokit.core.table import MolTable
from yaokit.models import load
load(Path(sys.argv[1])).predict(MolTable.of(["CCO"]))
heavy = {"lightgbm", "sklearn", "torch", "crepes"} & set(sys.modules)
assert not heavy, heavy
"""


def rows_of(features: str, n: int, offset: int = 0) -> csr_array:
    return featurize(features, [Chem.MolFromSmiles(text) for text in series(n, offset)[0]])


def python(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code, str(folder)], capture_output=True, text=True)


def grown(X, y: np.ndarray, kind: str = REGRESSION, **settings) -> lightgbm.Booster:
    settings = {**Boosting().growing(len(y), kind), "num_iterations": 30, "seed": 1, **settings}
    rounds = settings.pop("num_iterations")
    data = lightgbm.Dataset(csr_matrix(X), y, params={"verbose": -1, "min_data_in_bin": 1})
    return lightgbm.train(settings, data, rounds)


def with_gaps(X: csr_array, every: int) -> csr_array:
    dense = X.toarray()
    dense[::every, ::3] = np.nan
    return csr_array(dense)


@pytest.mark.parametrize("kind", [REGRESSION, CLASSIFICATION])
@pytest.mark.parametrize("features", ["fp", "full"])
def test_predictions_are_lightgbms_own(features: str, kind: str):
    X, y = rows_of(features, 120), series(120)[2]
    theirs = grown(X, y if kind == REGRESSION else (y > np.median(y)) * 1.0, kind)
    mine, new = Booster(theirs.model_to_string()), rows_of(features, 90, 2)
    # gaps also in columns that had none when the trees grew, which LightGBM takes for zeros
    for rows in (new, with_gaps(new, 2), new.astype(np.float64)):
        assert mine.predict(rows) == pytest.approx(theirs.predict(csr_matrix(rows)), abs=1e-12)
    assert np.ptp(mine.predict(new)) > 0.1


@pytest.mark.parametrize("features", ["fp", "full"])
def test_gaps_that_trees_learned_from_go_where_lightgbm_sends_them(features: str):
    X, y, new = with_gaps(rows_of(features, 120), 4), series(120)[2], with_gaps(rows_of(features, 90, 2), 2)
    theirs = grown(X, y)
    found = Booster(theirs.model_to_string()).predict(new)
    assert found == pytest.approx(theirs.predict(csr_matrix(new)), abs=1e-12)


def test_trees_of_an_objective_of_ours_give_what_they_gave():
    X, y = rows_of("fp", 120), series(120)[2]
    theirs = grown(X, y - y.mean(), objective=lambda p, data: _one_sided((y > 7) * 1, p, data))
    found = Booster(theirs.model_to_string()).predict(X)
    assert found == pytest.approx(theirs.predict(csr_matrix(X)), abs=1e-12)


def test_written_zeros_are_zeros():
    X, y = rows_of("fp", 120), series(120)[2]
    one = Booster(grown(X, y).model_to_string())
    every = X.shape[1] * np.arange(X.shape[0] + 1)
    columns = np.tile(np.arange(X.shape[1]), X.shape[0])
    written = csr_array((X.toarray().ravel(), columns, every), shape=X.shape)
    assert written.nnz > X.nnz
    assert (one.predict(written) == one.predict(X)).all()


def test_contributions_are_lightgbms_own_and_add_up():
    X, y = rows_of("fp", 120), series(120)[2]
    theirs = grown(X, y)
    mine = Booster(theirs.model_to_string())
    found = mine.contributions(X[:9])
    assert found.shape == (9, X.shape[1] + 1)
    assert found == pytest.approx(theirs.predict(X[:9].toarray(), pred_contrib=True), abs=1e-9)
    assert found.sum(axis=1) == pytest.approx(mine.predict(X[:9]), abs=1e-9)


def test_no_rows_give_no_numbers():
    X, y = rows_of("fp", 60), series(60)[2]
    one = Booster(grown(X, y).model_to_string())
    assert one.predict(X[:0]).shape == (0,)
    assert one.contributions(X[:0]).shape == (0, X.shape[1] + 1)


def test_rows_of_another_width_are_refused():
    X, y = rows_of("fp", 60), series(60)[2]
    with pytest.raises(ValueError, match="number of features in data \\(100\\)"):
        Booster(grown(X, y).model_to_string()).predict(X[:, :100])


def test_a_copy_predicts_the_same():
    X, y = rows_of("fp", 60), series(60)[2]
    one = Booster(grown(X, y).model_to_string())
    assert (deepcopy(one).predict(X) == one.predict(X)).all()


@pytest.mark.parametrize("features", ["fp", "full"])
def test_a_saved_model_predicts_without_what_only_training_needs(features: str, tmp_path: Path):
    model = Boosting(seed=0, features=features, rounds=20).fit(measured(60), [TASK])
    model.save(tmp_path / "model")
    done = python(PREDICT, tmp_path / "model")
    assert done.returncode == 0, done.stderr
    wanted = model.predict(MolTable.of(["CCO"])).mean[0, 0]
    assert float(done.stdout) == wanted


def test_so_does_a_saved_stack(tmp_path_factory: pytest.TempPathFactory):
    done = python(STACK, small_model(tmp_path_factory))
    assert done.returncode == 0, done.stderr


def test_a_text_that_was_cut_is_refused(tmp_path: Path):
    Boosting(seed=0, rounds=5).fit(measured(60), [TASK]).save(tmp_path / "model")
    path = tmp_path / "model" / "booster-1.txt"
    path.write_text(path.read_text()[:-200])
    with pytest.raises(UsageError, match=r"booster-1\.txt is damaged: train the model again"):
        Boosting.load(tmp_path / "model")


def test_a_library_that_lies_elsewhere_is_found_through_the_package(monkeypatch, tmp_path: Path):
    spec = SimpleNamespace(submodule_search_locations=[str(tmp_path)])
    monkeypatch.setattr(booster, "find_spec", lambda name: spec)
    assert booster._library.__wrapped__().LGBM_GetLastError.restype is ctypes.c_char_p


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setattr(booster, "find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError, match="lightgbm"):
        booster._library.__wrapped__()
