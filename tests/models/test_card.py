"""The card says what stereo the model sees, and which training molecules it cannot tell apart."""

from pathlib import Path

import numpy as np
import pytest
from toy_runs import TASK, measured

from yaokit.chem.standardize import Standardizer
from yaokit.core.store import read_json, write_json
from yaokit.core.table import MolTable
from yaokit.models.card import N_ALIKE, make_card
from yaokit.models.trusted import Trusted
from yaokit.models.validation import Validation
from yaokit.report.train import write

RINGS = ("N[C@H]1CC[C@H](O)CC1", "N[C@H]1CC[C@@H](O)CC1")
HANDS = ("CCCC[C@H](CCCO)O", "CCCC[C@@H](CCCO)O")


def fitted(extra: dict[str, float], stereo: bool = True) -> Trusted:
    table = measured(30)
    ids = [*table.ids, *(f"x{i}" for i in range(len(extra)))]
    values = np.array([*table.column(TASK), *extra.values()])
    model = Trusted(
        ["nearest"], validation=Validation("random", 3, 1, 0), standardizer=Standardizer(stereo=stereo)
    )
    return model.fit(MolTable.of([*table.smiles, *extra], ids, {TASK: values}), [TASK])


@pytest.fixture(scope="module")
def twins() -> Trusted:
    return fitted(dict(zip((*RINGS, *HANDS), (5.0, 5.5, 6.0, 8.0), strict=True)))


def test_pairs_that_look_equal_are_counted_and_shown_the_furthest_apart_first(twins: Trusted):
    alike = make_card(twins)["alike"]
    assert (alike["n_pairs"], alike["n_stereo"]) == (2, 2)
    assert [pair["smiles"] for pair in alike["examples"]] == [list(HANDS), list(RINGS)]
    assert alike["examples"][0] == {"ids": ["x2", "x3"], "smiles": list(HANDS), "values": {TASK: [6.0, 8.0]}}


def test_no_more_than_twenty_are_shown():
    rings = [
        f"{tail}N[C@H]1CC[{side}](O)CC1"
        for tail in ("C" * n for n in range(1, 26))
        for side in ("C@H", "C@@H")
    ]
    alike = make_card(fitted(dict.fromkeys(rings, 6.0)))["alike"]
    assert alike["n_pairs"] == 25
    assert len(alike["examples"]) == N_ALIKE


def test_a_model_without_stereo_says_so(twins: Trusted):
    assert make_card(twins)["features"]["sees_stereo"] is True
    card = make_card(fitted({}, stereo=False))
    assert card["features"]["sees_stereo"] is False
    assert card["alike"] == {"n_pairs": 0, "n_stereo": 0, "examples": []}


def test_the_report_of_the_folder_shows_them(twins: Trusted, tmp_path: Path):
    twins.save(tmp_path / "m")
    text = write(tmp_path / "m").read_text(encoding="utf-8")
    assert "2 pairs of training molecules look equal to the fingerprints" in text
    for smiles in (*RINGS, *HANDS):
        assert smiles in text


def test_a_folder_whose_card_tells_nothing_of_it_still_opens(twins: Trusted, tmp_path: Path):
    twins.save(tmp_path / "m")
    card = read_json(tmp_path / "m" / "card.json")
    del card["alike"], card["features"]["stereo_limit"]
    write_json(tmp_path / "m" / "card.json", card)
    assert Trusted.load(tmp_path / "m").n_rows == 34
    assert 'id="alike"' not in write(tmp_path / "m").read_text(encoding="utf-8")


def test_the_card_tells_how_good_the_model_is_beside_its_baselines(twins: Trusted):
    (result,) = make_card(twins)["results"]
    about = twins.metrics()["tasks"][0]
    assert (result["metric"], result["n_judged"], result["split"]) == ("rmse", 34, "random")
    assert result["models"] == {
        name: about["models"][name]["rmse"] for name in ("nearest", "forest", "stack")
    }
    assert set(result["models"]["stack"]) >= {"mean", "low", "high"}
    assert set(result["comparison"]) == {"nearest", "forest"}
