"""Attributions find the atoms that make the value, and taking those away matters most."""

from pathlib import Path

import numpy as np
import pytest
import torch
from rdkit import Chem
from scipy.special import logit

from yaokit.data.read.files import read_records
from yaokit.explain import networks
from yaokit.explain.attribution import SMALL, of_member
from yaokit.explain.known import TASKS, Known, area, deletion
from yaokit.explain.run import Settings, explain_file
from yaokit.models.base import Member
from yaokit.models.featurize import featurize
from yaokit.models.labels import make
from yaokit.models.targets import CLASSIFICATION, Targets

HALOGENS, AMIDES, SULFONYLS, ETHERS, EITHER, BOTH = TASKS
N_TEST = 25
QUICK = {
    "gnn:graph": {"epochs": 25, "hidden": 64, "lr": 3e-3},
    "transformer": {"epochs": 12, "width": 64, "views": 2},
}


def molecules(n: int) -> list[Chem.Mol]:
    """Molecules of ZINC250k, spread over it."""
    rows = list(read_records("builtin:zinc250k"))
    return [Chem.MolFromSmiles(str(row.cells["smiles"])) for row in rows[:: len(rows) // n][:n]]


def fitted(label: str, task: Known, mols: list[Chem.Mol], **settings) -> Member:
    torch.set_num_threads(1)
    model = make(label, 0, settings)
    y = Targets.of(task.values(mols)[:, None], [task.kind])
    model.kinds = y.kinds
    model.fit_features(featurize(model.features, mols), y)
    return model


def telling(task: Known, mols: list[Chem.Mol]) -> list[Chem.Mol]:
    """Molecules that have some atoms that matter and some that do not."""
    found = [mol for mol in mols if task.truth(mol).any() and not task.truth(mol).all()]
    return found[:N_TEST]


def check(label: str, task: Known, n: int, least: float = 0.95, **settings) -> None:
    mols = molecules(n + 400)
    model = fitted(label, task, mols[:n], **settings)
    tested = telling(task, mols[n:])
    values = of_member(model, tested, 0)
    assert np.mean([area(v, task.truth(mol)) for v, mol in zip(values, tested, strict=True)]) >= least
    top, random = deletion(model, tested, values, 0)
    assert np.mean(np.abs(top)) > 2 * np.mean(np.abs(random))


@pytest.mark.parametrize(
    ("label", "task"),
    [
        ("boosting", HALOGENS),
        ("boosting", EITHER),
        ("forest", SULFONYLS),
        ("svm", HALOGENS),
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_fingerprint_models_find_the_atoms(label: str, task: Known):
    check(label, task, 500)


@pytest.mark.slow
@pytest.mark.parametrize("label", ["boosting", "gnn:graph", "gnn", "transformer"])
@pytest.mark.parametrize("task", [HALOGENS, SULFONYLS, EITHER], ids=lambda task: task.name)
def test_every_architecture_finds_the_atoms(label: str, task: Known):
    check(label, task, 2_000)


@pytest.mark.parametrize("label", list(QUICK))
def test_a_small_network_finds_halogens(label: str):
    check(label, HALOGENS, 300, 0.9, **QUICK[label])


@pytest.mark.parametrize("label", ["gnn", "cnn"])
@pytest.mark.parametrize("task", [HALOGENS, EITHER], ids=lambda task: task.name)
def test_the_values_of_a_network_add_up_to_what_the_prediction_has_beyond_the_mean(label: str, task: Known):
    mols = molecules(60)
    model = fitted(label, task, mols, epochs=2)
    said, base = (
        model.predict_features(featurize(model.features, mols[:5]))[0][:, 0],
        task.values(mols).mean(),
    )
    if task.kind == CLASSIFICATION:
        said, base = logit(said), logit(base)
    sums = np.array([values.sum() for values in of_member(model, mols[:5], 0)])
    assert sums == pytest.approx(said - base, abs=1e-4)


def test_a_peptide_does_not_take_minutes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    model = fitted("gnn", HALOGENS, molecules(60), epochs=1)
    peptide = Chem.MolFromSequence("ACDEFGHIKLMNPQRSTVWY")
    monkeypatch.setattr(networks, "without", lambda mol: pytest.fail("descriptors without each atom"))
    (values,) = of_member(model, [peptide], 0)
    assert len(values) == peptide.GetNumAtoms() > SMALL
    model.tasks = (HALOGENS.name,)
    model.save(tmp_path / "model")
    (tmp_path / "one.smi").write_text(Chem.MolToSmiles(peptide))
    summary = explain_file(tmp_path / "model", tmp_path / "one.smi", Settings(top=0)).summary
    assert any(f"1 with more than {SMALL} atoms" in note for note in summary["notes"])


def test_the_truth_is_the_groups_atoms():
    mol = Chem.MolFromSmiles("CCC(=O)NCCl")
    assert np.flatnonzero(HALOGENS.truth(mol)).tolist() == [6]
    assert np.flatnonzero(AMIDES.truth(mol)).tolist() == [1, 2, 3, 4]
    assert np.flatnonzero(BOTH.truth(mol)).tolist() == [1, 2, 3, 4, 6]
    assert not BOTH.truth(Chem.MolFromSmiles("CCC(=O)NC")).any()
    assert BOTH.values([mol, Chem.MolFromSmiles("CCl")]).tolist() == [1.0, 0.0]
    assert HALOGENS.values([mol]) == pytest.approx([1.0], abs=0.3)
    assert ETHERS.values([Chem.MolFromSmiles("COC"), Chem.MolFromSmiles("COC(C)=O")]) == pytest.approx(
        [1, 0], abs=0.3
    )


def test_the_area_is_one_half_for_equal_values_and_unknown_without_a_contrast():
    truth = np.array([True, False, False])
    assert area(np.array([2.0, 1.0, 0.0]), truth) == 1.0
    assert area(np.zeros(3), truth) == 0.5
    assert np.isnan(area(np.zeros(3), np.zeros(3, bool)))
