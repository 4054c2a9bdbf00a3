"""The loop: budget, what is dropped, history, resume."""

import subprocess
import sys
import time

import numpy as np
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest

from yaokit.core.errors import UsageError
from yaokit.core.store import read_json, write_json
from yaokit.core.table import MolTable
from yaokit.generate.design import design
from yaokit.generate.genetic import Genetic
from yaokit.score.objective import Objective

OBJECTIVE = Objective.of(
    {
        "terms": [
            {"score": "qed"},
            {"score": "mw", "desirability": {"shape": "window", "low": 200, "high": 350, "margin": 100}},
        ]
    }
)
SEEDS = ["Cc1ccc(S(=O)(=O)NC2CCCC2)cc1", "CC(=O)Nc1ccc(O)cc1", "COc1ccc(C(=O)NCC2CC2)cc1"]
RUN = """
import sys
from pathlib import Path
sys.path.insert(0, {here!r})
from test_design import OBJECTIVE, SEEDS
from yaokit.core.table import MolTable
from yaokit.generate.design import design
from yaokit.generate.genetic import Genetic
generator = Genetic(seed=3).fit(MolTable.of(SEEDS))
design(OBJECTIVE, generator, out=Path(sys.argv[1]), budget=60, batch=8, known=SEEDS, workers=1)
"""


class Listed:
    """Asks for a given list, a part each round."""

    def __init__(self, smiles=(), at=0):
        self.smiles, self.at, self.told = list(smiles), at, []

    def fit(self, table):
        return self

    def ask(self, n):
        return self.smiles[self.at : self.at + n]

    def tell(self, smiles, scores):
        self.at += 5
        self.told += zip(smiles, scores, strict=True)

    def save(self, folder):
        folder.mkdir(parents=True)
        write_json(folder / "listed.json", {"smiles": self.smiles, "at": self.at})

    @classmethod
    def load(cls, folder):
        return cls(**read_json(folder / "listed.json"))


def test_every_asked_molecule_is_scored_or_dropped_for_a_reason(tmp_path):
    asked = ["CCO", "OCC", "C1CC", "CCN.Cl", "CCN", "CC(=O)[O-]", "CC(=O)O", "CCC", "[He]", "[Na+].[Cl-]"]
    found = design(OBJECTIVE, Listed(asked), out=tmp_path, budget=20, batch=5, known=["CCC"])
    assert found["n_in"] == 10
    assert found["dropped"] == {"DUPLICATE": 3, "MEASURED": 1, "NO_CARBON": 2, "SYNTAX": 1}
    assert found["n_out"] == found["n_scored"] == 3
    assert found["n_in"] == found["n_out"] + sum(found["dropped"].values())
    assert "nothing new" in found["notes"][0]
    assert pq.read_table(tmp_path / "history.parquet")["smiles"].to_pylist() == ["CCO", "CCN", "CC(=O)O"]


def test_history_and_designs_hold_every_call_and_term(tmp_path):
    found = design(OBJECTIVE, Genetic().fit(MolTable.of(SEEDS)), out=tmp_path, budget=25, batch=10)
    history = pq.read_table(tmp_path / "history.parquet")
    assert history.column_names == ["call", "round", "id", "smiles", "score", "failure", "qed", "mw"]
    assert history["call"].to_pylist() == list(range(1, 26))
    assert history["round"].to_pylist() == [0] * 10 + [1] * 10 + [2] * 5
    again = OBJECTIVE(history["smiles"].to_pylist())
    assert history["score"].to_numpy() == pytest.approx(again.total, abs=1e-4)
    assert history["mw"].to_numpy() == pytest.approx(again.raw["mw"], abs=1e-4)
    designs = pacsv.read_csv(tmp_path / "designs.csv")
    assert designs.column_names == ["rank", "id", "smiles", "score", "call", "round", "qed", "mw"]
    assert (np.diff(designs["score"].to_numpy()) <= 0).all()
    assert found["best"] == designs["score"][0].as_py()
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "design.json",
        "designs.csv",
        "history.parquet",
    ]


def test_a_finished_design_is_given_again_and_another_refused(tmp_path):
    first = design(OBJECTIVE, Listed(SEEDS), out=tmp_path, budget=2, batch=5)
    assert design(OBJECTIVE, Listed(SEEDS), out=tmp_path, budget=2, batch=5) == first
    with pytest.raises(UsageError, match="other settings"):
        design(OBJECTIVE, Listed(SEEDS), out=tmp_path, budget=3, batch=5)


def test_a_generator_that_gives_nothing_ends_with_a_note(tmp_path):
    found = design(OBJECTIVE, Listed(), out=tmp_path, budget=5)
    assert (found["n_in"], found["n_out"], found["best"], found["rounds"]) == (0, 0, None, 5)
    assert len(pacsv.read_csv(tmp_path / "designs.csv")) == 0


@pytest.mark.parametrize("wrong", [{"budget": 0}, {"batch": 0}])
def test_numbers_that_make_no_sense_are_refused(tmp_path, wrong):
    with pytest.raises(UsageError, match="at least 1"):
        design(OBJECTIVE, Listed(), out=tmp_path, **wrong)


def test_a_killed_design_goes_on_to_the_same_bytes(tmp_path, request):
    command = [sys.executable, "-c", RUN.format(here=str(request.path.parent))]
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    process = subprocess.Popen([*command, str(killed)])
    while not (killed / "rounds" / "0002.parquet").exists():
        assert process.poll() is None, "it ended before it could be killed"
        time.sleep(0.005)
    process.kill()
    process.wait()
    assert not (killed / "history.parquet").exists()
    generator = Genetic(seed=3).fit(MolTable.of(SEEDS))
    settings = {"budget": 60, "batch": 8, "known": SEEDS}
    assert design(OBJECTIVE, generator, out=killed, **settings) == design(
        OBJECTIVE, Genetic(seed=3).fit(MolTable.of(SEEDS)), out=whole, workers=1, **settings
    )
    for name in ("history.parquet", "designs.csv"):
        assert (killed / name).read_bytes() == (whole / name).read_bytes()
