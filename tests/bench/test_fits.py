"""Fits out of fold never see the row they answer for; kept ones serve the same data only."""

from pathlib import Path

import numpy as np
import pytest
from toy_runs import series

from yaokit.bench.fits import Fit, Label, Learning, Place, code_of, kind_of, member
from yaokit.chem.folds import Folds
from yaokit.models.targets import Targets

SMILES, _, Y = series(30)
FOLDS = Folds.cross(np.arange(30) % 3)


def learning(y: np.ndarray, folder: Path, seed: int = 0) -> Learning:
    return Learning(
        "t", SMILES, Targets.of(y[:, None]), FOLDS, seed, Place(folder / "fits", folder / "cache")
    )


def test_values_of_a_fold_do_not_touch_what_is_said_of_it(tmp_path: Path):
    other = np.where(FOLDS.rows(0), Y + 5, Y)
    said = [learning(y, tmp_path).out_of_fold(["nearest"])[Fit("nearest")][:, 0] for y in (Y, other)]
    assert said[0][FOLDS.rows(0)] == pytest.approx(said[1][FOLDS.rows(0)])
    assert not np.allclose(said[0][~FOLDS.rows(0)], said[1][~FOLDS.rows(0)])


def test_kept_fits_are_of_the_same_data_and_seed(tmp_path: Path):
    def kept() -> int:
        return len(list(tmp_path.rglob("*.safetensors")))

    for y, seed, more in ((Y, 0, True), (Y, 0, False), (Y + 1, 0, True), (Y, 1, True)):
        before = kept()
        learning(y, tmp_path, seed).out_of_fold(["nearest"])
        assert kept() == before + FOLDS.k * more


def test_a_label_tells_the_features():
    assert [kind_of(label) for label in ("nearest", "boosting:full", "svm:wide")] == ["fp", "full", "wide"]


@pytest.mark.parametrize(
    ("label", "parts", "read"),
    [
        ("svm", ("svm", "", "", ""), None),
        ("boosting:full", ("boosting", "", "", "full"), None),
        ("gnn@graph", ("gnn", "@", "graph", ""), "graph"),
        ("gnn~a/b:graph", ("gnn", "~", "a/b", "graph"), "a/b"),
        ("svm:embedded", ("svm", "", "", "embedded"), "default"),
        ("gp:rich@masked", ("gp", "", "", "rich@masked"), "masked"),
    ],
)
def test_a_label_tells_the_network_it_reads(label: str, parts: tuple[str, ...], read: str | None):
    assert (tuple(Label.of(label)), Label.of(label).read) == (parts, read)


def test_a_network_starts_from_weights_or_takes_their_sizes(encoder: Path):
    starts, alike = (member(f"transformer{how}{encoder}", 0) for how in "@~")
    assert starts.pretrained == str(encoder)
    assert (alike.pretrained, alike.width, alike.depth) == (None, 16, 1)


def test_a_fit_is_of_the_weights_it_starts_from(encoder: Path, other_encoder: Path):
    codes = [code_of(f"transformer@{folder}") for folder in (encoder, other_encoder)]
    assert len({*codes, code_of("transformer")}) == 3
