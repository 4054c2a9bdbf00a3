"""What every generator promises."""

import numpy as np
import pytest
from rdkit import Chem

from yaokit.core.lazy import resolve
from yaokit.core.table import MolTable
from yaokit.generate import GENERATORS
from yaokit.score.objective import Objective

SERIES = [
    f"{left}S(=O)(=O){right}"
    for left in ("c1ccccc1", "Cc1ccccc1", "Clc1ccc(F)cc1", "c1ccsc1", "N#Cc1ccccc1", "c1ccncc1")
    for right in ("NCC", "NC1CCCC1", "N1CCOCC1", "Nc1nccs1")
]
SERIES = [Chem.CanonSmiles(smiles) for smiles in SERIES]
TABLE = MolTable.of(SERIES)
TARGET = Objective.of(
    {"terms": [{"score": "similarity", "settings": {"smiles": ["Cc1cc(C#N)ccc1S(=O)(=O)N(C)Cc1ccncc1F"]}}]}
)


@pytest.fixture(params=GENERATORS)
def make(request):
    """Builds a fitted generator of each kind from a seed."""
    kind = resolve(GENERATORS[request.param])
    return lambda seed=0: kind(seed=seed).fit(TABLE)


def rounds(generator, n_rounds, n=20, told=lambda scores: scores):
    """The scores of each round of a search for the target, told as `told` makes them."""
    out = []
    for _ in range(n_rounds):
        smiles = generator.ask(n)
        out.append(TARGET(smiles).total)
        generator.tell(smiles, told(out[-1]))
    return out


def test_asked_molecules_are_valid_distinct_and_new(make):
    generator = make()
    first = generator.ask(20)
    generator.tell(first, np.linspace(0, 1, len(first)))
    second = generator.ask(20)
    assert len(first) == len(second) == 20
    assert len({*first, *second}) == 40
    assert all(Chem.CanonSmiles(smiles) == smiles for smiles in first)
    assert not {*first, *second} & set(SERIES)


def test_the_seed_decides_and_asking_changes_nothing(make):
    generator = make(1)
    assert generator.ask(10) == generator.ask(10) == make(1).ask(10)
    assert generator.ask(10) != make(2).ask(10)


def test_a_saved_generator_goes_on_exactly(make, tmp_path):
    generator = make()
    rounds(generator, 2)
    generator.save(tmp_path / "state")
    again = type(generator).load(tmp_path / "state")
    assert again.ask(15) == generator.ask(15)
    for one in (generator, again):
        rounds(one, 2)
    assert again.ask(15) == generator.ask(15)


def test_it_gets_better_with_what_it_is_told(make):
    told, ignorant = rounds(make(), 12), rounds(make(), 12, told=lambda scores: np.full_like(scores, np.nan))
    first, last, without = (np.sort(part)[-10:].mean() for part in (told[0], told[-1], ignorant[-1]))
    assert last > first + 0.05
    assert last > without + 0.05


def test_failed_scores_and_empty_rounds_do_no_harm(make):
    generator = make()
    smiles = generator.ask(5)
    generator.tell(smiles, np.full(5, np.nan))
    generator.tell([], np.zeros(0))
    assert len(generator.ask(5)) == 5
    assert not set(generator.ask(20)) & set(smiles)
    assert generator.ask(0) == []


def test_one_molecule_is_enough_and_none_gives_none(make):
    assert type(make())(seed=0).fit(MolTable.of(["CCO"])).ask(5)
    assert type(make())(seed=0).fit(MolTable.of([])).ask(5) == []
