"""A file of predictions: numbers keep their digits in every unit."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from toy_runs import TASK, series, small_trusted

from yaokit.core.digits import significant
from yaokit.core.table import MolTable
from yaokit.models import load
from yaokit.screen.predict import predict_file


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a stack of values around 0.000006."""
    smiles, ids, y = series(60)
    folder = tmp_path_factory.mktemp("tiny") / "model"
    small_trusted(members=["nearest"]).fit(MolTable.of(smiles, ids, {TASK: 1e-6 * y}), [TASK]).save(folder)
    return folder


@pytest.mark.parametrize(
    ("value", "kept"),
    [(6.12345678, 6.12346), (1.23456789e-7, 1.23457e-7), (123456.789, 123457.0), (0.5, 0.5), (0.0, 0.0)],
)
def test_six_significant_digits_are_kept(value: float, kept: float):
    assert significant(value) == kept
    assert significant(value, None) == value


def test_small_values_keep_their_digits(tiny: Path, tmp_path: Path):
    smiles = series(20, 3)[0]
    (tmp_path / "in.csv").write_text("\n".join(["smiles", *smiles, "C1CC"]))
    predict_file(tiny, tmp_path / "in.csv", tmp_path / "out.parquet", workers=1)
    found, wanted = pq.read_table(tmp_path / "out.parquet"), load(tiny).predict(MolTable.of(smiles))
    for name, exact in wanted.columns().items():
        if not name.startswith(TASK):
            continue
        column = found[name].to_pylist()
        assert column[-1] is None
        assert column[:-1] == pytest.approx(exact, rel=1e-5, abs=0)
        assert column[:-1] == [float(f"{value:.6g}") for value in column[:-1]]
    assert len(np.unique(found[f"{TASK}_pred"].to_numpy()[:-1])) > 5
