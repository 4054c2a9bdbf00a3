"""Terms, their combination, and what is said about bad settings."""

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdkit import Chem

from yaokit.chem.descriptors import properties, qed
from yaokit.chem.fingerprints import morgan_counts
from yaokit.chem.similarity import nearest
from yaokit.core.errors import UsageError
from yaokit.core.guard import Pool
from yaokit.core.types import Prediction
from yaokit.score.objective import Objective
from yaokit.score.terms import _model

DRUGS = ["CC(=O)Oc1ccccc1C(=O)O", "Cn1c(=O)c2c(ncn2C)n(C)c1=O", "CC(=O)Nc1ccc(O)cc1", "CN1CCC[C@H]1c1cccnc1"]
RHODANINE = "O=C1NC(=S)SC1=Cc1ccccc1O"
QED = {"score": "qed", "weight": 2}
WEIGHT = {"score": "mw", "desirability": {"shape": "down", "low": 150, "high": 250}}


class Toy:
    """Predicts 5 + the number of nitrogens; every third molecule is outside its domain."""

    tasks = ("pA", "pB")

    def __init__(self):
        self.calls = 0

    def predict(self, table):
        self.calls += 1
        n = np.array([text.upper().count("N") for text in table.smiles], float)
        mean = np.stack([5 + n, 5 - n], axis=1)
        mean[[i for i, text in enumerate(table.smiles) if text == "C"]] = np.nan
        inside = np.repeat((np.arange(len(table)) % 3 != 2)[:, None], 2, axis=1)
        return Prediction(
            self.tasks, mean, 0 * mean, mean - 1, mean + 1, inside, np.linspace(0, 1, len(table))
        )


@pytest.fixture
def toy(monkeypatch):
    model = Toy()
    monkeypatch.setattr("yaokit.models.load", lambda folder: model)
    _model.cache_clear()
    yield model
    _model.cache_clear()


def test_the_total_is_the_weighted_geometric_mean_by_hand():
    found = Objective.of({"terms": [QED, WEIGHT]})(DRUGS[:1])
    mol = Chem.MolFromSmiles(DRUGS[0])
    a, b = qed(mol), (250 - properties(mol)["mw"]) / 100
    assert found.total[0] == pytest.approx((a**2 * b) ** (1 / 3))
    assert found.raw["mw"][0] == properties(mol)["mw"]
    assert found.desirability["mw"][0] == pytest.approx(b)


def test_a_limit_multiplies():
    alerts = {"score": "alerts", "desirability": {"shape": "down", "low": 0, "high": 4}, "role": "limit"}
    plain, limited = Objective.of({"terms": [QED]}), Objective.of({"terms": [QED, alerts]})
    smiles = [*DRUGS, RHODANINE]
    factor = 1 - np.minimum(limited(smiles).raw["alerts"], 4) / 4
    assert limited(smiles).total == pytest.approx(plain(smiles).total * factor)
    assert limited(smiles).raw["alerts"][-1] >= 3


def test_what_does_not_parse_is_nan_and_keeps_its_place():
    found = Objective.of({"terms": [QED, WEIGHT]})(["C1CC", DRUGS[0], "", "hello world"])
    assert np.isnan(found.total).tolist() == [True, False, True, True]
    assert np.isnan(found.raw["qed"]).tolist() == [True, False, True, True]


@pytest.mark.parametrize("smiles", [[], ["not one"], ["X", ""]])
def test_nothing_to_score_is_no_error(smiles):
    assert len(
        Objective.of({"terms": [QED, {"score": "similarity", "settings": {"smiles": DRUGS}}]})(smiles).total
    ) == len(smiles)


def test_terms_of_one_model_share_one_prediction(toy):
    model = {"folder": "m", "task": "pA"}
    up = {"shape": "up", "low": 4, "high": 9}
    terms = [
        {"score": "model", "settings": {**model, "quantity": "low"}, "desirability": up, "name": "low"},
        {"score": "model", "settings": model, "desirability": up, "name": "mean"},
        {"score": "domain", "settings": {**model, "floor": 0.25}},
        {"score": "novelty", "settings": {"folder": "m"}},
    ]
    found = Objective.of({"terms": terms})([*DRUGS, "C"])
    assert toy.calls == 1
    n = np.array([text.upper().count("N") for text in DRUGS])
    assert found.raw["mean"][:4].tolist() == (5 + n).tolist()
    assert found.raw["low"][:4].tolist() == (4 + n).tolist()
    assert found.raw["domain"][:4].tolist() == [1, 1, 0.25, 1]
    assert found.raw["novelty"].tolist() == [1, 0.75, 0.5, 0.25, 0]
    assert np.isnan(found.total[4])
    assert np.isnan(found.raw["domain"][4])


def test_a_model_without_the_task_says_which_it_has(toy):
    term = {
        "score": "model",
        "settings": {"folder": "m", "task": "pC"},
        "desirability": WEIGHT["desirability"],
    }
    with pytest.raises(UsageError, match="pA, pB"):
        Objective.of({"terms": [term]})(DRUGS)


def test_a_model_without_intervals_says_so(toy, monkeypatch):
    monkeypatch.setattr(toy, "predict", lambda table: Prediction.bare(("pA",), np.ones((len(table), 1))))
    term = {"score": "model", "settings": {"folder": "m", "task": "pA", "quantity": "low"}}
    with pytest.raises(UsageError, match="no intervals"):
        Objective.of({"terms": [term | {"desirability": {"shape": "as_is"}}]})(DRUGS)


def test_novelty_and_similarity_add_up_to_one():
    known = {"smiles": DRUGS[:2]}
    found = Objective.of(
        {"terms": [{"score": "novelty", "settings": known}, {"score": "similarity", "settings": known}]}
    )(DRUGS)
    assert found.raw["similarity"] == pytest.approx(
        nearest(morgan_counts(DRUGS), morgan_counts(DRUGS[:2]))[0][:, 0]
    )
    assert found.raw["novelty"] == pytest.approx(1 - found.raw["similarity"])


@settings(deadline=None, max_examples=30)
@given(
    st.lists(
        st.sampled_from([*DRUGS, RHODANINE, "C", "[Na+].[Cl-]", "[Xe]", "[H][H]", "C1CC", "", "c1cc"]),
        max_size=5,
    ),
    st.floats(0.01, 100),
    st.sampled_from(["goal", "limit"]),
)
def test_totals_are_in_0_1_or_nan_when_a_term_is(smiles, weight, role):
    terms = [
        QED,
        {**WEIGHT, "weight": weight, "role": role},
        {"score": "sa_score", "desirability": {"shape": "down", "low": 1, "high": 6}},
    ]
    found = Objective.of({"terms": terms})(smiles)
    unknown = np.isnan(np.stack([found.raw[name] for name in ("qed", "mw", "sa_score")])).any(axis=0)
    assert (np.isnan(found.total) == unknown).all()
    assert ((found.total[~unknown] >= 0) & (found.total[~unknown] <= 1)).all()


def test_an_objective_is_the_same_in_a_guarded_child_and_hashes():
    objective = Objective.of(
        {"terms": [QED, WEIGHT, {"score": "novelty", "settings": {"smiles": DRUGS[:1]}}]}
    )
    assert pickle.loads(pickle.dumps(objective)) == objective
    assert hash(objective) == hash(
        Objective.of({"terms": [QED, WEIGHT, {"score": "novelty", "settings": {"smiles": DRUGS[:1]}}]})
    )
    with Pool(objective.measure, objective.combine) as pool:
        (found,) = pool.map([[*DRUGS, "C1CC"]])
    assert found.total == pytest.approx(objective([*DRUGS, "C1CC"]).total, nan_ok=True)


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        ([], "at least 1"),
        ([{"score": "qde"}], "qed"),
        ([{"score": "mw"}], "needs a desirability"),
        ([{"score": "qed", "wieght": 2}], "wieght"),
        ([{"score": "qed", "weight": 0}], "weight"),
        ([{"score": "qed", "role": "limit"}], "goal"),
        ([QED, QED], "two terms are called 'qed'"),
        ([{"score": "mw", "desirability": {"shape": "hill"}}], "'up', 'down', 'window', 'sigmoid'"),
        ([{"score": "model", "settings": {"folder": "m"}}], "settings.task"),
        ([{"score": "qed", "settings": {"power": 2}}], "settings.power"),
        ([{"score": "novelty"}], "either folder"),
        ([{"score": "similarity", "settings": {"smiles": ["CCO", "C1CC"]}}], "'C1CC' is no molecule"),
        ([{"score": "alerts", "settings": {"catalogs": ["PAIN"]}}], "PAINS_A"),
    ],
)
def test_bad_settings_say_what_and_where(terms, said):
    with pytest.raises(UsageError, match="objective") as error:
        Objective.of({"terms": terms})
    assert said in str(error.value)
