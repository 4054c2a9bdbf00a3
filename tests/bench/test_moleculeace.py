"""MoleculeACE: ours and the peer answer the same rows, cliffs are looked at apart."""

import csv
from pathlib import Path

import numpy as np
import pytest
from toy_runs import series

from yaokit.bench import svr as peer
from yaokit.bench.fits import Place
from yaokit.bench.moleculeace import MoleculeAce
from yaokit.bench.scores import MEASURES

TASK = "CHEMBL1862_Ki"


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MoleculeAce:
    monkeypatch.setattr(peer, "GAMMAS", (1e-2,))
    smiles, _, y = series(60)
    lines = [
        [s, v, i % 3 == 0, "train" if i < 45 else "test"]
        for i, (s, v) in enumerate(zip(smiles, y, strict=True))
    ]
    (tmp_path / "moleculeace").mkdir()
    with open(tmp_path / "moleculeace" / f"{TASK}.csv", "w", newline="") as file:
        csv.writer(file).writerows(
            [["smiles", "y", "cliff_mol", "split"], *([*a[:2], int(a[2]), a[3]] for a in lines)]
        )
    return MoleculeAce(tmp_path, Place(tmp_path / "fits", tmp_path / "cache"), ["nearest"])


def test_both_are_judged_on_the_same_rows(bench: MoleculeAce):
    part = bench.measure(TASK, 0)
    (row,) = bench.rows({(TASK, 0): {**part, "seconds": 1.0}})
    assert not {"y", "cliff"} & set(part)
    known = bench.measured(TASK)
    y, cliff, theirs = np.array(known["y"]), np.array(known["cliff"]), np.array(part["peer"])
    assert (row["n_train"], row["n_test"], row["n_cliff"]) == (45, 15, 5)
    assert row["peer_rmse_cliff"] == pytest.approx(MEASURES["rmse"].of(y[cliff], theirs[cliff]))
    assert row["difference"] == pytest.approx(row["rmse"] - row["peer_rmse"])
    assert row["low"] <= row["difference"] <= row["high"]
    said = bench.summary([row])
    assert said["below_peer"] == pytest.approx(1 - row["rmse"] / row["peer_rmse"], abs=1e-4)
    about = {"command": "yaokit bench", "version": "0", "seeds": [0], "seconds": 1.0}
    assert TASK in bench.page({"rows": [row], "summary": said, **about})
