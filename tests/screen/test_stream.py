"""Streaming gives what predicting everything at once gives, counts everything, and resumes."""

import csv
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from toy_runs import TASK, series, small_trusted

from yaokit.core.errors import NothingUsable, UsageError
from yaokit.core.reasons import Failure
from yaokit.core.store import read_json
from yaokit.core.table import MolTable
from yaokit.models import load
from yaokit.screen import shard, stream
from yaokit.screen.stream import own, screen_files

FILES = ("hits.parquet", "hits.csv", "rejects.csv", "summary.json")
BAD = {3: ("not-a-molecule", "NAME"), 7: ("C(C)(C)(C)(C)C", "VALENCE"), 12: ("[Na+].[Cl-]", "NO_CARBON")}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """60 lines: 57 molecules of the series, the bad ones among them."""
    path = tmp_path_factory.mktemp("library") / "library.smi"
    lines = [f"{text} m{i}" for i, text in enumerate(series(57, 7)[0])]
    for number, (text, _) in BAD.items():
        lines.insert(number - 1, f"{text} bad{number}")
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "PIECE", 8)
    monkeypatch.setattr(stream, "SHARD", 16)


def contents(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in FILES}


def test_the_hits_are_the_best_of_all_predicted_at_once(library, model, tmp_path, small_pieces):
    summary = screen_files([library], model, tmp_path, top=10, workers=1)
    rows = [line.split() for line in library.read_text().splitlines()]
    table = MolTable.of([r[0] for r in rows], [r[1] for r in rows])
    whole = load(model).predict(table)
    low = np.round(whole.low[:, 0], 4)
    order = sorted(np.flatnonzero(~np.isnan(low)), key=lambda i: (-low[i], table.ids[i]))[:10]
    hits = pq.read_table(tmp_path / "hits.parquet")
    assert hits["id"].to_pylist() == [table.ids[i] for i in order]
    assert hits["line"].to_pylist() == [i + 1 for i in order]
    assert hits[f"{TASK}_pred"].to_numpy() == pytest.approx(whole.mean[order, 0], abs=6e-5)
    assert hits["in_domain"].to_pylist() == whole.in_domain[order, 0].tolist()
    assert summary["n_in_domain"] == whole.in_domain.sum()
    assert sum(summary["similarity_histogram"]["counts"]) == summary["n_scored"] == 57


def test_borders_and_workers_change_no_byte(library, model, tmp_path, monkeypatch):
    screen_files([library], model, tmp_path / "whole", top=10, workers=1)
    monkeypatch.setattr(stream, "PIECE", 8)
    monkeypatch.setattr(stream, "SHARD", 16)
    screen_files([library], model, tmp_path / "parts", top=10, workers=2)
    assert contents(tmp_path / "whole") == contents(tmp_path / "parts")


def test_what_was_lost_is_done_again_to_the_same_bytes(library, model, tmp_path, small_pieces):
    screen_files([library], model, tmp_path, top=10, workers=1)
    whole, shards = contents(tmp_path), tmp_path / "shards"
    assert sorted(path.name for path in shards.glob("*.parquet")) == [f"{i:06d}.parquet" for i in range(4)]
    first = (shards / "000000.parquet").stat().st_mtime_ns
    for path in [shards / "000002.json", *shards.glob("000003*"), *(tmp_path / name for name in FILES)]:
        path.unlink()  # also half of a shard
    screen_files([library], model, tmp_path, top=10, workers=1)
    assert contents(tmp_path) == whole
    assert (shards / "000000.parquet").stat().st_mtime_ns == first


def test_a_rejected_line_is_counted_under_its_number(library, model, tmp_path, small_pieces):
    summary = screen_files([library], model, tmp_path, top=10, workers=1)
    with open(tmp_path / "rejects.csv", newline="") as file:
        rejects = {int(row["line"]): (row["smiles"], row["code"]) for row in csv.DictReader(file)}
    assert rejects == BAD
    assert summary["codes"] == {"NAME": 1, "NO_CARBON": 1, "VALENCE": 1}
    assert (summary["n_in"], summary["n_scored"], summary["n_rejected"]) == (60, 57, 3)
    assert summary["n_in"] == summary["n_out"] + sum(summary["dropped"].values())


@pytest.mark.parametrize("piece", [2, 2048])
def test_a_molecule_is_a_hit_once_and_takes_no_other_ones_place(piece, model, tmp_path, monkeypatch):
    monkeypatch.setattr(stream, "PIECE", piece)
    monkeypatch.setattr(stream, "SHARD", 2 * piece)
    smiles = series(5, 7)[0]
    lines = [f"{text} {name}{i}" for i, text in enumerate(smiles) for name in "cab"]
    (tmp_path / "twins.smi").write_text("\n".join(lines))
    summary = screen_files([tmp_path / "twins.smi"], model, tmp_path / "out", top=4, workers=1)
    hits = pq.read_table(tmp_path / "out" / "hits.parquet")
    assert len(set(hits["smiles"].to_pylist())) == len(hits) == 4
    assert {name[0] for name in hits["id"].to_pylist()} == {"a"}
    assert summary["n_in"] == 15 == summary["n_out"] + sum(summary["dropped"].values())
    assert min(summary["dropped"].values()) >= 0


def test_a_molecule_that_was_repaired_shows_what_was_read(model, tmp_path):
    smiles = series(1)[0][0]
    (tmp_path / "salt.smi").write_text(f"{smiles}.Cl salt\n")
    screen_files([tmp_path / "salt.smi"], model, tmp_path / "out", top=5, workers=1)
    hit = pq.read_table(tmp_path / "out" / "hits.parquet").to_pylist()[0]
    assert (hit["smiles"], hit["input_smiles"]) == (smiles, f"{smiles}.Cl")


def test_where_less_is_better_the_lowest_upper_end_comes_first(library, tmp_path):
    smiles, ids, y = series(60)
    trained = small_trusted()
    trained.minimize = (TASK,)
    trained.fit(MolTable.of(smiles, ids, {TASK: y}), [TASK]).save(tmp_path / "model")
    screen_files([library], tmp_path / "model", tmp_path / "out", top=10, workers=1)
    high = pq.read_table(tmp_path / "out" / "hits.parquet")[f"{TASK}_high"].to_numpy()
    assert (np.diff(high) >= 0).all()


def test_a_library_of_bad_lines_leaves_empty_hits(model, tmp_path):
    (tmp_path / "bad.smi").write_text("rubbish\nC1CC\n")
    summary = screen_files([tmp_path / "bad.smi"], model, tmp_path / "out", top=5, workers=1)
    assert (summary["n_in"], summary["n_out"], summary["n_rejected"]) == (2, 0, 2)
    assert len(pq.read_table(tmp_path / "out" / "hits.parquet")) == 0
    assert read_json(tmp_path / "out" / "summary.json")["best"] is None


def test_an_empty_library_is_said_to_be_empty(model, tmp_path):
    (tmp_path / "empty.smi").write_text("\n\n")
    with pytest.raises(NothingUsable, match=r"empty\.smi"):
        screen_files([tmp_path / "empty.smi"], model, tmp_path / "out", top=5, workers=1)


def test_a_bare_model_cannot_screen(library, tmp_path):
    from yaokit.models.nearest import Nearest

    smiles, ids, y = series(5)
    Nearest().fit(MolTable.of(smiles, ids, {TASK: y}), [TASK]).save(tmp_path / "bare")
    with pytest.raises(UsageError, match="bare nearest"):
        screen_files([library], tmp_path / "bare", tmp_path / "out", top=5)


def test_best_first_breaks_ties_by_id_and_puts_unknown_last():
    order = shard.best_first(np.array([1.0, np.nan, 2.0, 1.0]), ["b", "x", "c", "a"])
    assert order == [2, 3, 0, 1]


PEAK = """
import sys, resource
from pathlib import Path
from yaokit.screen.stream import own, screen_files
library, model, out = map(Path, sys.argv[1:])
screen_files([library], model, out, top=100, workers=1)
own, children = (resource.getrusage(w).ru_maxrss for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
print(max(own, children) // 1024)
"""


@pytest.mark.slow
def test_memory_does_not_grow_with_the_library(model: Path, tmp_path: Path):
    parts = series(100)[0]

    def peak_mb(n: int) -> int:
        path = tmp_path / f"{n}.smi"
        path.write_text("".join(f"{'C' * (i // 100 % 40 + 1)}{parts[i % 100]} g{i}\n" for i in range(n)))
        words = [sys.executable, "-c", PEAK, path, model, tmp_path / f"out-{n}"]
        return int(subprocess.run(words, stdout=subprocess.PIPE, check=True, env=dict(os.environ)).stdout)

    assert peak_mb(50_000) < peak_mb(5_000) + 80


def test_hits_carry_every_other_column_of_their_files(model, tmp_path, small_pieces):
    smiles = series(24, 7)[0]
    rows = [f"{text},ZINC{i},{i}.50,note {i}" for i, text in enumerate(smiles[:20])]
    header = "SMILES,catalog_id,price (EUR),score"
    (tmp_path / "vendor.csv").write_text("\n".join([header, *rows, "C1CC,bad,1.00,x"]) + "\n")
    (tmp_path / "more.smi").write_text("".join(f"{text} s{i}\n" for i, text in enumerate(smiles[20:])))
    files = [tmp_path / "vendor.csv", tmp_path / "more.smi"]
    screen_files(files, model, tmp_path / "out", top=24, workers=2)
    hits = pq.read_table(tmp_path / "out" / "hits.parquet").to_pylist()
    assert len(hits) == 24
    for hit in hits:
        if hit["source"] == "vendor.csv":
            i = hit["line"] - 2
            assert (hit["input_smiles"], hit["price (EUR)"]) == (smiles[i], f"{i}.50")
            assert hit["input_score"] == f"note {i}"
        else:
            assert (hit["source"], hit["price (EUR)"]) == ("more.smi", None)
    with open(tmp_path / "out" / "rejects.csv", newline="") as file:
        assert [(r["source"], r["line"], r["code"]) for r in csv.DictReader(file)] == [
            ("vendor.csv", "22", "SYNTAX")
        ]


def test_a_file_of_ids_and_molecules_alone_is_a_library(model, tmp_path):
    rows = [f"m{i},{text}" for i, text in enumerate(series(6, 7)[0])]
    (tmp_path / "library.csv").write_text("\n".join(["id,smiles", *rows]) + "\n")
    screen_files([tmp_path / "library.csv"], model, tmp_path / "out", top=3, workers=1)
    assert pq.read_table(tmp_path / "out" / "hits.parquet").num_rows == 3


def test_a_library_of_mol_blocks_shows_smiles(model, tmp_path):
    from rdkit import Chem

    smiles = series(3, 7)[0]
    with Chem.SDWriter(str(tmp_path / "library.sdf")) as writer:
        for i, text in enumerate(smiles):
            mol = Chem.MolFromSmiles(text)
            mol.SetProp("_Name", f"m{i}")
            mol.SetProp("vendor", "Acme")
            writer.write(mol)
    screen_files([tmp_path / "library.sdf"], model, tmp_path / "out", top=3, workers=1)
    hits = pq.read_table(tmp_path / "out" / "hits.parquet").to_pylist()
    assert {hit["smiles"] for hit in hits} == {hit["input_smiles"] for hit in hits} == set(smiles)
    assert {hit["vendor"] for hit in hits} == {"Acme"}


def test_a_folder_of_other_files_is_not_taken(tmp_path):
    (tmp_path / "thesis.docx").write_text("mine")
    with pytest.raises(UsageError, match=r"holds other files \(thesis\.docx\)"):
        own(tmp_path)


def test_a_hit_that_does_not_hold_in_the_last_check_is_refused(library, model, tmp_path, monkeypatch):
    best = screen_files([library], model, tmp_path / "all", top=3, workers=1)["best"]

    class Refusing:
        def __init__(self, standardizer) -> None:
            self.bad = best["smiles"]

        def __call__(self, smiles: str) -> Failure | None:
            return Failure("ROUND_TRIP", "another one") if smiles == self.bad else None

    monkeypatch.setattr(stream, "_Check", Refusing)
    monkeypatch.setattr(stream, "Pool", InPlace)
    summary = screen_files([library], model, tmp_path / "all", top=3, workers=1)  # the shards are there
    assert (summary["n_out"], summary["codes"]["ROUND_TRIP"]) == (2, 1)
    assert summary["n_in"] == summary["n_out"] + sum(summary["dropped"].values())
    assert "another one" in (tmp_path / "all" / "rejects.csv").read_text()


class InPlace:
    """A pool without children, for what they cannot import."""

    def __init__(self, each, finish=None, *, workers: int) -> None:
        self.each = each

    def __enter__(self):
        return self

    def __exit__(self, *_: object) -> None: ...

    def map(self, batches):
        return ([self.each(item) for item in batch] for batch in batches)
