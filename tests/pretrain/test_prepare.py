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
from yaokit.nn.tokenizer import Tokenizer, smiles_tokenizer
from yaokit.pretrain import pieces, sources
from yaokit.pretrain import prepare as preparing
from yaokit.pretrain.corpus import Corpus, open_corpus
from yaokit.pretrain.held import Held, read_held
from yaokit.pretrain.prepare import Late, prepare
from yaokit.pretrain.sources import Line, Source


@pytest.fixture
def several_shards(monkeypatch):
    monkeypatch.setattr(preparing, "SHARD", 100)
    monkeypatch.setattr(preparing, "PIECE", 40)
    monkeypatch.setattr(preparing, "FLUSH", 80)
    monkeypatch.setattr(preparing, "PER_BUCKET", 1)


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


def test_a_complex_can_be_excluded(tmp_path):
    complexes = ["[NH3]->[Pt](Cl)(Cl)<-[NH3]", "[NH3]->[Pt](Br)(Br)<-[NH3]"]
    source = Source(written(tmp_path / "a.smi", [*zinc(5), *complexes]), as_is=True)
    held = written(tmp_path / "held.smi", complexes[:1])
    corpus = prepare(tmp_path / "c", [source], name="x", exclude=[held])
    assert (len(corpus), corpus.about["counts"]["n_held_out"]) == (6, 1)


@pytest.mark.parametrize(
    "drawn",
    ["CC(=O)Nc1ccc(O)cc1.Cl", "CC(=O)Nc1ccc([O-])cc1.[Na+]", "CC(=O)Nc1ccc(O)cc1.CN1C=NC2=C1C(=O)NC(=O)N2C"],
)
def test_nothing_held_out_is_in_a_corpus_as_drawn_not_even_as_a_salt_or_in_a_mixture(tmp_path, drawn):
    source = Source(written(tmp_path / "a.smi", [drawn, "CCN.Cl"]), as_is=True)
    held = written(tmp_path / "held.smi", ["CC(=O)Nc1ccc(O)cc1"])
    corpus = prepare(tmp_path / "c", [source], name="x", exclude=[held])
    assert _all(corpus) == ["CCN.Cl"]
    assert corpus.about["counts"]["n_held_out"] == 1


@pytest.mark.usefixtures("several_shards")
def test_lines_of_what_stays_out_that_are_no_molecule_are_counted(tmp_path, monkeypatch):
    monkeypatch.setattr(preparing, "HELD", 10)
    source = Source(written(tmp_path / "a.smi", zinc(90)))
    files = [written(tmp_path / f"{i}.smi", [*zinc(12, 50 * i), *(i + 1) * ["xx"]]) for i in range(2)]
    whole = prepare(tmp_path / "1", [source], name="x", exclude=files)
    counts = [(file["name"], file["n_in"], file["n_failed"]) for file in whole.about["excluded"]]
    assert counts == [("0.smi", 13, 1), ("1.smi", 14, 2)]
    _, again = _until_done(tmp_path / "2", [source], name="x", exclude=files)
    assert again.about == whole.about


def test_a_letter_that_is_no_token_leaves_with_a_reason(monkeypatch):
    every = smiles_tokenizer()
    pairs = [pair for pair in zip(every.tokens, every.kinds, strict=True) if pair[0] != "N"]
    few = Tokenizer(*zip(*pairs, strict=True))
    monkeypatch.setattr(pieces, "smiles_tokenizer", lambda: few)
    lines = [Line(0, i, text, None) for i, text in enumerate(("CCO", "CCN"))]
    found = list(map(pieces.Each([False], [1.0], Held()), lines))
    piece = pieces.Finish(1)(lines, found)
    assert piece.kept == {0: "CCO\t0\n"}
    assert piece.counts == {(0, ""): 1, (0, "UNKNOWN_TOKEN"): 1}
    assert piece.rejects == [(0, 1, "CCN", "UNKNOWN_TOKEN", "'N' is no token of yaokit's networks")]


@pytest.mark.usefixtures("several_shards")
def test_an_unfinished_preparation_of_another_corpus_is_left_alone(tmp_path):
    path = written(tmp_path / "a.smi", zinc(80))
    with pytest.raises(Late):
        prepare(tmp_path / "c", [Source(path)], name="x", is_late=lambda: True)
    work = tmp_path / "c" / "work"
    before = {file.name: file.read_bytes() for file in work.iterdir()}
    with pytest.raises(
        UsageError, match=r"holds an unfinished preparation of another corpus \(x, .*delete it or"
    ):
        prepare(tmp_path / "c", [Source(path)], name="x", seed=1)
    assert {file.name: file.read_bytes() for file in work.iterdir()} == before
    assert len(prepare(tmp_path / "c", [Source(path)], name="x")) == 80


@pytest.fixture
def asked(monkeypatch) -> list[str]:
    """What was asked of whole files."""
    found: list[str] = []
    for name in ("file_hash", "count_lines"):
        find = getattr(sources, name)
        monkeypatch.setattr(
            sources, name, lambda path, name=name, find=find: found.append(name) or find(path)
        )
    return found


@pytest.mark.usefixtures("several_shards")
def test_a_source_is_hashed_and_counted_once_as_long_as_it_does_not_change(tmp_path, asked):
    path = written(tmp_path / "a.smi", zinc(90))
    _until_done(tmp_path / "c", [Source(path)], name="x")
    prepare(tmp_path / "c", [Source(path)], name="x")
    assert asked == ["file_hash", "count_lines"]
    written(path, zinc(91))
    with pytest.raises(UsageError, match="holds another corpus"):
        prepare(tmp_path / "c", [Source(path)], name="x")
    assert asked == ["file_hash", "count_lines", "file_hash"]  # a finished corpus tells the rest


@pytest.mark.usefixtures("several_shards")
def test_a_finished_corpus_made_before_hashes_were_kept_is_opened_without_counting(tmp_path, asked):
    source = Source(written(tmp_path / "a.smi", zinc(90)))
    corpus = prepare(tmp_path / "c", [source], name="x")
    (tmp_path / "c" / "files.json").unlink()
    asked.clear()
    assert prepare(tmp_path / "c", [source], name="x").about == corpus.about
    assert asked == ["file_hash"]


@pytest.mark.usefixtures("several_shards")
def test_what_is_done_of_several_sources_is_passed_over(tmp_path, monkeypatch):
    smiles = zinc(300)
    files = [
        written(tmp_path / "a.smi", ["", *smiles[:90], "xx yy", "CCO name"]),
        written(tmp_path / "b.csv", ["name,SMILES", *(f"m{i},{s}" for i, s in enumerate(smiles[90:200]))]),
        written(tmp_path / "c.txt", smiles[200:]),
    ]
    every = [Source(file) for file in files]
    whole = prepare(tmp_path / "1", every, name="x")
    monkeypatch.setattr(sources, "LOOK", 1_000)
    _, again = _until_done(tmp_path / "2", every, name="x")
    assert (_bytes(again), again.about) == (_bytes(whole), whole.about)
    assert (again.folder / "rejects.csv").read_bytes() == (whole.folder / "rejects.csv").read_bytes()


@pytest.mark.usefixtures("several_shards")
def test_it_may_be_late_before_it_finds_where_to_go_on(tmp_path, monkeypatch):
    source = Source(written(tmp_path / "a.smi", zinc(100)))
    with pytest.raises(Late):
        prepare(tmp_path / "c", [source], name="x", is_late=lambda: True)
    monkeypatch.setattr(sources, "LOOK", 15)
    with pytest.raises(
        Late, match=r"40 of 100 lines standardized; .* after 15 lines of a\.smi .* several files"
    ):
        prepare(tmp_path / "c", [source], name="x", is_late=lambda: True)
    assert len(prepare(tmp_path / "c", [source], name="x")) == 100


@pytest.mark.parametrize(("limits", "n"), [({"FLUSH": 200}, 1), ({"BUDGET": 1}, 5), ({"PER_BUCKET": 30}, 2)])
@pytest.mark.usefixtures("several_shards")
def test_lines_wait_for_their_buckets_as_long_as_memory_allows(tmp_path, monkeypatch, limits, n):
    flushed = []
    flush = preparing._Preparation._flush
    monkeypatch.setattr(
        preparing._Preparation, "_flush", lambda self, *what: flushed.append(flush(self, *what))
    )
    for name, value in limits.items():
        monkeypatch.setattr(preparing, name, value)
    prepare(tmp_path / "c", [Source(written(tmp_path / "a.smi", zinc(200)))], name="x")
    assert len(flushed) == n + 1  # and one at the end


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
