import json
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest
from toy_pretraining import TARGET, Toy, small_corpus, written

from yaokit.core.errors import UsageError
from yaokit.core.store import locked
from yaokit.pretrain import KINDS
from yaokit.pretrain import corpus as corpora
from yaokit.pretrain.corpus import Targets, open_corpus
from yaokit.pretrain.plan import Plan
from yaokit.pretrain.prepare import Source, prepare
from yaokit.pretrain.run import Job, pretrain


def test_a_folder_that_is_no_corpus_is_refused(tmp_path):
    with pytest.raises(UsageError, match="is no prepared corpus"):
        open_corpus(tmp_path)
    (tmp_path / "corpus.json").write_text('{"format": 1')
    with pytest.raises(UsageError, match=r"corpus\.json is damaged"):
        open_corpus(tmp_path)
    (tmp_path / "corpus.json").write_text(json.dumps({"format": 9}))
    with pytest.raises(UsageError, match="a corpus of format 9"):
        open_corpus(tmp_path)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda about: [], "it is no table"),
        (lambda about: {"format": 1}, "name: Field required"),
        (lambda about: {**about, "shards": []}, "shards: List should have at least 1 item"),
        (lambda about: {**about, "shards": [{"file": "shard-00000.parquet"}]}, r"shards\.0\.rows: Field"),
        (lambda about: {**about, "shards": [{**about["shards"][0], "file": "../a"}]}, r"shards\.0\.file"),
        (lambda about: {**about, "sources": [{"licence": "x"}]}, r"sources\.0\.n_in: Field required"),
        (lambda about: {**about, "counts": {"n_in": "many"}}, r"counts\.n_in: Input should be a valid int"),
        (lambda about: {**about, "excluded": None}, "excluded: Input should be a valid list"),
        (lambda about: {**about, "n": 7}, "n is 7, but the shards have 20 rows"),
    ],
)
def test_contents_that_are_damaged_are_named(tmp_path, change, told):
    corpus = small_corpus(tmp_path, 20)
    (corpus.folder / "corpus.json").write_text(json.dumps(change(corpus.about)))
    with pytest.raises(UsageError, match=rf"corpus\.json is damaged \({told}.*prepare the corpus again"):
        open_corpus(corpus.folder)


def test_targets_are_made_once_and_read_in_order(tmp_path, monkeypatch):
    monkeypatch.setattr(corpora, "PIECE", 32)
    corpus = small_corpus(tmp_path, 100)
    targets = Targets(corpus, TARGET, {})
    assert targets.are_wanted
    assert targets.missing(0) == [0, 1, 2, 3]
    assert targets.missing(0, 40) == [0, 1]
    targets.make(0, [0, 1])
    expected = Toy().targets(corpus.smiles(0))
    np.testing.assert_array_equal(targets.read(0, 40), expected[:40])
    targets.make(0, targets.missing(0))
    np.testing.assert_array_equal(targets.read(0), expected)
    assert Targets(corpus, TARGET, {"width": 99}).missing(0) == []  # the same numbers for any network


def test_a_molecule_without_targets_has_nan(tmp_path):
    source = Source(written(tmp_path / "a.smi", ["CCO", "C" * 16, "CCN"]))
    corpus = prepare(tmp_path / "corpus", [source], name="x")
    targets = Targets(corpus, TARGET, {})
    targets.make(0, [0])
    at = corpus.smiles(0).index("C" * 16)
    assert np.isnan(targets.read(0)).all(axis=1).tolist() == [i == at for i in range(3)]


def test_where_no_molecule_has_targets_all_are_nan(tmp_path):
    source = Source(written(tmp_path / "a.smi", ["C" * 16]))
    targets = Targets(prepare(tmp_path / "corpus", [source], name="x"), TARGET, {})
    assert targets.make(0, [0])
    assert targets.read(0).shape == (1, 2)
    assert np.isnan(targets.read(0)).all()


def test_targets_that_another_process_makes_are_waited_for(tmp_path, monkeypatch):
    monkeypatch.setattr(corpora, "_WAIT_S", 0.0)
    corpus = small_corpus(tmp_path, 50)
    targets = Targets(corpus, TARGET, {})
    targets.folder.mkdir(parents=True)
    asked: list[int] = []

    with ExitStack() as stack:
        stack.enter_context(locked(targets.folder))

        def is_late() -> bool:
            asked.append(1)
            if len(asked) == 2:
                np.save(targets.folder / "00000-0000.npy", np.ones((50, 2), np.float16))
                stack.close()
            return False

        assert targets.make(0, [0], is_late=is_late)
    assert len(asked) == 2
    assert (targets.read(0) == 1).all()
    with locked(targets.folder):
        assert not targets.make(0, [0], is_late=lambda: True)


def test_targets_of_a_corpus_that_cannot_be_written_to_stand_elsewhere(tmp_path, monkeypatch):
    monkeypatch.setattr(corpora, "PIECE", 32)
    corpus = small_corpus(tmp_path, 50)
    Targets(corpus, TARGET, {}).make(0, [0])
    monkeypatch.setattr(corpora.os, "access", lambda path, mode: not Path(path).is_relative_to(corpus.folder))
    targets = Targets(corpus, TARGET, {}, other=tmp_path / "out" / "targets")
    assert targets.missing(0) == [1]
    targets.make(0, targets.missing(0))
    assert [path.name for path in (tmp_path / "out" / "targets").glob("*/*.npy")] == ["00000-0001.npy"]
    np.testing.assert_array_equal(targets.read(0), Toy().targets(corpus.smiles(0)))


def test_a_training_on_a_corpus_that_cannot_be_written_to_keeps_its_targets(tmp_path, monkeypatch):
    monkeypatch.setitem(KINDS, "toy", TARGET)
    corpus = small_corpus(tmp_path, 50)
    monkeypatch.setattr(corpora.os, "access", lambda path, mode: not Path(path).is_relative_to(corpus.folder))
    plan = Plan(steps=1, batch_size=8, n_valid=5, precision="32-true")
    assert pretrain(Job(corpus, "toy", tmp_path / "out", {}, plan, device="cpu"))["is_finished"]
    assert list((tmp_path / "out" / "targets").glob("*/*.npy"))
    assert not (corpus.folder / "targets").exists()


def test_damaged_targets_are_named(tmp_path):
    corpus = small_corpus(tmp_path, 50)
    targets = Targets(corpus, TARGET, {})
    targets.make(0, [0])
    path = next(targets.folder.glob("*.npy"))
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(UsageError, match=r"is damaged .*made again"):
        targets.read(0)


def test_a_sample_is_the_same_each_time(tmp_path):
    corpus = small_corpus(tmp_path, 50)
    assert corpus.sample(7) == corpus.smiles(0)[:7]
    assert len(corpus.sample(1_000)) == 50
