import csv
import gzip
import os
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from toy_pretraining import small_corpus, written, zinc

from yaokit.core.errors import NothingUsable, UsageError
from yaokit.core.progress import Silent
from yaokit.data.leakage import connectivity
from yaokit.pretrain import prepare as preparing
from yaokit.pretrain.corpus import Corpus, open_corpus
from yaokit.pretrain.held import read_held
from yaokit.pretrain.prepare import Late, Source, prepare


@pytest.fixture
def several_shards(monkeypatch):
    monkeypatch.setattr(preparing, "SHARD", 100)
    monkeypatch.setattr(preparing, "PIECE", 40)
    monkeypatch.setattr(preparing, "FLUSH", 80)


class Stopping(Silent):
    """Interrupts the first pass after its `at`-th piece."""

    def __init__(self, at: int) -> None:
        self.at = at

    def track(self, items, label, total=None, weigh=None):
        for n, item in enumerate(items):
            yield item
            if n == self.at and label == "standardizing":
                raise KeyboardInterrupt


class Told(Silent):
    """Keeps what is said."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, text: str) -> None:
        self.lines.append(text)


def _bytes(corpus: Corpus) -> list[bytes]:
    return [(corpus.folder / shard["file"]).read_bytes() for shard in corpus.about["shards"]]


def _all(corpus: Corpus) -> list[str]:
    return [text for shard in range(len(corpus.sizes)) for text in corpus.smiles(shard)]


@pytest.mark.usefixtures("several_shards")
def test_neither_the_order_of_files_nor_the_workers_change_a_byte(tmp_path):
    a, b = written(tmp_path / "a.smi", zinc(150)), written(tmp_path / "b.smi", zinc(150, 100))
    first = prepare(tmp_path / "1", [Source(a), Source(b)], name="x", workers=1)
    second = prepare(tmp_path / "2", [Source(b), Source(a)], name="x", workers=2)
    assert len(first.sizes) == 3
    assert _bytes(first) == _bytes(second)
    assert (first.key, first.about["counts"]) == (second.key, second.about["counts"])


@pytest.mark.usefixtures("several_shards")
def test_every_molecule_is_there_once_wherever_it_came_from(tmp_path):
    smiles = zinc(120)
    a = written(tmp_path / "a.smi", smiles)
    b = written(tmp_path / "b.csv", ["name,SMILES", *(f"m{i},{s}.Cl" for i, s in enumerate(smiles[:30]))])
    corpus = prepare(tmp_path / "c", [Source(a), Source(b)], name="x")
    found = _all(corpus)
    assert len(found) == len(set(found)) == corpus.about["n"] == len(corpus)
    table = pq.read_table(corpus.folder / corpus.about["shards"][0]["file"])
    assert set(table["source"].to_pylist()) == {0}
    assert corpus.about["sources"][1]["n_duplicates"] == 30


def test_garbage_is_counted_skipped_and_listed(tmp_path):
    lines = zinc(300)
    for i, garbage in enumerate(("garbage", "C1CC", "c1ccc", "[Na+].[Cl-]", "C(C)(C)(C)(C)C")):
        lines.insert(60 * i, garbage)
    corpus = prepare(tmp_path / "c", [Source(written(tmp_path / "a.smi", lines))], name="x")
    counts = corpus.about["counts"]
    assert counts["n_rejected"] == 5
    assert counts["n_in"] == 305 == sum(n for key, n in counts.items() if key != "n_in")
    assert sum(corpus.about["sources"][0]["codes"].values()) == 5
    with open(corpus.folder / "rejects.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["line"]) for row in rows] == [1, 61, 121, 181, 241]
    assert rows[0]["smiles"] == "garbage"
    assert all(row["code"] and row["message"] for row in rows)


@pytest.mark.parametrize("at", [1, 4])
@pytest.mark.usefixtures("several_shards")
def test_an_interrupted_preparation_goes_on_to_the_same_bytes(tmp_path, at):
    source = Source(written(tmp_path / "a.smi", zinc(300)))
    whole = prepare(tmp_path / "1", [source], name="x")
    with pytest.raises(KeyboardInterrupt):
        prepare(tmp_path / "2", [source], name="x", progress=Stopping(at))
    assert not (tmp_path / "2" / "corpus.json").exists()
    again = prepare(tmp_path / "2", [source], name="x")
    assert _bytes(again) == _bytes(whole)
    assert again.about == whole.about


def _until_done(*what, **how) -> tuple[list[str], Corpus]:
    """How far each of the calls came that were late as early as can be, and the corpus in the end."""
    done: list[str] = []
    while True:
        try:
            return done, prepare(*what, **how, is_late=lambda: True)
        except Late as late:
            done.append(late.done)


@pytest.mark.usefixtures("several_shards")
def test_a_preparation_that_is_always_late_goes_on_to_the_same_bytes(tmp_path, monkeypatch):
    monkeypatch.setattr(preparing, "PIECE", 100)
    monkeypatch.setattr(preparing, "HELD", 10)
    source = Source(written(tmp_path / "a.smi", zinc(210)))
    held = [written(tmp_path / "held.smi", zinc(15, 50))]
    whole = prepare(tmp_path / "1", [source], name="x", exclude=held)
    done, again = _until_done(tmp_path / "2", [source], name="x", exclude=held)
    assert done == [
        "10 lines of held.smi, which stays out, read",
        "15 lines of held.smi, which stays out, read",
        "100 of 210 lines standardized",
        "200 of 210 lines standardized",
        "210 of 210 lines standardized",
        "1 of 3 shards written",
        "2 of 3 shards written",
    ]
    assert (_bytes(again), again.about) == (_bytes(whole), whole.about)
    assert not (again.folder / "work").exists()


@pytest.mark.usefixtures("several_shards")
def test_a_damaged_note_of_what_was_done_makes_the_preparation_begin_anew(tmp_path):
    source = Source(written(tmp_path / "a.smi", zinc(80)))
    with pytest.raises(Late, match=r"not finished \(40 of 80 lines standardized\); prepare it again"):
        prepare(tmp_path / "c", [source], name="x", is_late=lambda: True)
    (tmp_path / "c" / "work" / "state.json").write_text("[")
    assert len(prepare(tmp_path / "c", [source], name="x")) == 80


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: os.truncate(path, 5)], ids=["lost", "short"])
@pytest.mark.usefixtures("several_shards")
def test_a_bucket_that_lost_lines_makes_the_preparation_begin_anew(tmp_path, damage):
    source = Source(written(tmp_path / "a.smi", zinc(300)))
    whole = prepare(tmp_path / "1", [source], name="x")
    with pytest.raises(KeyboardInterrupt):
        prepare(tmp_path / "2", [source], name="x", progress=Stopping(4))
    damage(tmp_path / "2" / "work" / "bucket-00001")
    told = Told()
    again = prepare(tmp_path / "2", [source], name="x", progress=told)
    assert [line for line in told.lines if "bucket-00001 has lost what was written" in line]
    assert (_bytes(again), again.about) == (_bytes(whole), whole.about)


def test_nothing_held_out_is_in_a_corpus(tmp_path):
    smiles = zinc(200)
    held = written(tmp_path / "held.smi", [text.replace("@", "") for text in smiles[50:80]])
    corpus = prepare(tmp_path / "c", [Source(written(tmp_path / "a.smi", smiles))], name="x", exclude=[held])
    blocks = read_held(held).blocks
    assert len(blocks) == 30
    assert not blocks & set(connectivity(_all(corpus)))
    assert corpus.about["counts"]["n_held_out"] == 30


def test_an_excluded_file_without_molecules_is_said(tmp_path):
    source = Source(written(tmp_path / "a.smi", zinc(5)))
    held = written(tmp_path / "held.smi", ["xx"])
    with pytest.raises(UsageError, match=r"held\.smi is to be excluded but holds no molecule"):
        prepare(tmp_path / "c", [source], name="x", exclude=[held])


def test_a_share_of_a_source_is_the_same_each_time(tmp_path):
    path = written(tmp_path / "a.smi", zinc(1_000))
    found = [set(_all(prepare(tmp_path / str(i), [Source(path, rows=200)], name="x"))) for i in range(2)]
    assert found[0] == found[1]
    assert 150 < len(found[0]) < 250


def test_as_is_means_canonical_but_not_standardized(tmp_path):
    path = written(tmp_path / "a.smi", ["C(=O)([O-])C", "OCC"])
    assert set(_all(prepare(tmp_path / "1", [Source(path)], name="x"))) == {"CC(=O)O", "CCO"}
    assert set(_all(prepare(tmp_path / "2", [Source(path, as_is=True)], name="x"))) == {"CC(=O)[O-]", "CCO"}


def test_packed_files_are_read(tmp_path):
    with gzip.open(tmp_path / "a.smi.gz", "wt") as file:
        file.write("\n".join(zinc(50)))
    assert len(prepare(tmp_path / "c", [Source(tmp_path / "a.smi.gz")], name="x")) == 50


def test_what_is_finished_is_opened_and_another_corpus_refused(tmp_path):
    corpus = small_corpus(tmp_path, 50)
    assert small_corpus(tmp_path, 50).about == corpus.about
    with pytest.raises(UsageError, match=r"holds another corpus \(toy"):
        small_corpus(tmp_path, 60)


def test_a_file_without_molecules_is_said(tmp_path):
    with pytest.raises(NothingUsable, match=r"no usable molecule in a\.smi"):
        prepare(tmp_path / "c", [Source(written(tmp_path / "a.smi", ["xx", "yy"]))], name="x")


@pytest.mark.parametrize("damage", [lambda data: data[:-10], lambda data: data[:50] + b"x" + data[51:]])
def test_a_damaged_shard_is_named(tmp_path, damage):
    corpus = small_corpus(tmp_path, 50)
    path: Path = corpus.folder / "shard-00000.parquet"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(UsageError, match=r"shard-00000\.parquet is damaged .*prepare the corpus again"):
        open_corpus(corpus.folder).smiles(0)
    path.unlink()
    with pytest.raises(UsageError, match=r"shard-00000\.parquet is missing"):
        corpus.smiles(0)
