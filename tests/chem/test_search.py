"""Exact similarity search against RDKit's own values and a plain scan."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdkit import Chem, DataStructs
from rdkit.Chem import rdFingerprintGenerator
from toy_runs import series

from yaokit.chem import search
from yaokit.chem.bitplanes import at_least, counts_at, kth_largest, planes_of, positions, transposed
from yaokit.chem.indexfile import open_index, verify_index, write_index
from yaokit.chem.search import FingerprintIndex
from yaokit.core.errors import UsageError


def random_bits(n: int, n_bytes: int = 32, density: float = 0.1, seed: int = 0) -> np.ndarray:
    bits = np.random.default_rng(seed).random((n, 8 * n_bytes)) < density
    return np.packbits(bits, axis=1, bitorder="little")


def scan(query: np.ndarray, packed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """All, best first, by counting bits one by one."""
    a, b = (np.unpackbits(x, axis=-1).astype(int) for x in (query, packed))
    common, either = (a & b).sum(axis=1), (a | b).sum(axis=1)
    similarity = np.where(either > 0, common / np.maximum(either, 1), 0.0)
    order = np.lexsort((np.arange(len(packed)), -similarity))
    return order, similarity[order]


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "BLOCK", 128)


def test_similarities_are_exactly_those_of_rdkit():
    generator = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=2048)
    fps = [generator.GetFingerprint(Chem.MolFromSmiles(text)) for text in series(300)[0]]
    packed = np.array([np.packbits(list(fp), bitorder="little") for fp in fps])
    hits = FingerprintIndex.build(packed).top(packed[:20], 300)
    for i in range(20):
        index, similarity = hits[i]
        assert similarity.tolist() == [DataStructs.BulkTanimotoSimilarity(fps[i], fps)[j] for j in index]
        assert sorted(index) == list(range(300))


@pytest.mark.parametrize("n", [1, 63, 64, 65, 128, 129, 1000])
@pytest.mark.parametrize("k", [1, 3, 40])
def test_the_nearest_are_those_of_a_plain_scan(n: int, k: int):
    packed, queries = random_bits(n), random_bits(5, seed=1, density=0.15)
    hits = FingerprintIndex.build(packed).top(queries, k)
    for query, (index, similarity) in zip(queries, hits, strict=True):
        wanted_index, wanted = scan(query, packed)
        assert index.tolist() == wanted_index[:k].tolist()
        assert similarity.tolist() == wanted[:k].tolist()


@given(st.integers(1, 60), st.integers(1, 12), st.floats(0.0, 1.0), st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None)
def test_ties_empties_and_thresholds_agree_with_a_scan(n: int, k: int, threshold: float, seed: int):
    rng = np.random.default_rng(seed)
    packed = rng.integers(0, 2, (n, 1), np.uint8) * rng.integers(0, 256, (n, 1)).astype(np.uint8)
    query = packed[rng.integers(n)]
    index, similarity = FingerprintIndex.build(packed).top(query, k, threshold)[0]
    wanted_index, wanted = scan(query, packed)
    n_wanted = min(k, int((wanted >= threshold).sum()))
    assert index.tolist() == wanted_index[:n_wanted].tolist()
    assert similarity.tolist() == wanted[:n_wanted].tolist()


def test_all_within_a_threshold_are_found():
    packed = random_bits(700, density=0.3)
    index, similarity = FingerprintIndex.build(packed).within(packed[0], 0.2)[0]
    wanted_index, wanted = scan(packed[0], packed)
    assert index.tolist() == wanted_index[wanted >= 0.2].tolist()
    assert similarity.min() >= 0.2


def test_threads_and_order_of_queries_change_nothing():
    index, queries = FingerprintIndex.build(random_bits(500)), random_bits(30, seed=2)
    alone = [index.top(query, 4)[0] for query in queries]
    together = index.top(queries, 4, threads=3)
    for (first, _), (second, _) in zip(alone, together, strict=True):
        assert first.tolist() == second.tolist()


def test_hits_are_a_sequence():
    packed = random_bits(50)
    hits = FingerprintIndex.build(packed).top(packed[:3], 2)
    assert len(list(hits)) == len(hits) == 3
    assert hits[-1][0].tolist() == hits[2][0].tolist()
    with pytest.raises(IndexError):
        hits[3]


def test_no_fingerprints_and_no_queries_give_no_hits():
    empty = FingerprintIndex.build(np.zeros((0, 32), np.uint8))
    assert empty.top(random_bits(2), 3).offsets.tolist() == [0, 0, 0]
    assert len(FingerprintIndex.build(random_bits(5)).top(random_bits(0), 3)) == 0


def test_what_cannot_be_searched_is_an_error():
    index = FingerprintIndex.build(random_bits(5))
    with pytest.raises(ValueError, match="queries have 512 bits, the index 256"):
        index.top(random_bits(1, 64))
    with pytest.raises(ValueError, match="k is 0"):
        index.top(random_bits(1), 0)
    with pytest.raises(ValueError, match="threads is 0"):
        index.top(random_bits(1), threads=0)
    with pytest.raises(ValueError, match="must be above 0"):
        index.within(random_bits(1), 0.0)
    with pytest.raises(ValueError, match="uint8 is needed"):
        FingerprintIndex.build(np.zeros((3, 32), np.float32))


def test_a_file_gives_the_same_hits(tmp_path: Path):
    packed, queries, path = random_bits(400), random_bits(9, seed=3), tmp_path / "index.fps"
    write_index(path, packed, {"fingerprint": "random"})
    verify_index(path)
    found, wanted = open_index(path).top(queries, 5), FingerprintIndex.build(packed).top(queries, 5)
    assert found.index.tolist() == wanted.index.tolist()
    assert found.similarity.tolist() == wanted.similarity.tolist()


def test_an_empty_file_of_fingerprints_can_be_searched(tmp_path: Path):
    write_index(tmp_path / "index.fps", random_bits(0), {})
    assert len(open_index(tmp_path / "index.fps").top(random_bits(1), 1)[0][0]) == 0


def test_a_cut_damaged_or_foreign_file_is_refused(tmp_path: Path):
    path = tmp_path / "index.fps"
    write_index(path, random_bits(400), {"fingerprint": "random"})
    with pytest.raises(UsageError, match="other fingerprints"):
        open_index(path, {"fingerprint": "morgan"})
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(UsageError, match="damaged"):
        verify_index(path)
    path.write_bytes(whole[:-8])
    with pytest.raises(UsageError, match="bytes, not"):
        open_index(path)
    for foreign in (b"", b"PK\3\4" * 100, (10).to_bytes(8, "little") + b"[1, 2, 3] "):
        path.write_bytes(foreign)
        with pytest.raises(UsageError, match="not a fingerprint index"):
            open_index(path)


def test_a_file_that_cannot_be_finished_leaves_nothing(tmp_path: Path):
    class Broken(np.ndarray):
        def __getitem__(self, key):
            if isinstance(key, np.ndarray):
                raise OSError("no space left")
            return super().__getitem__(key)

    with pytest.raises(OSError, match="no space"):
        write_index(tmp_path / "index.fps", random_bits(400).view(Broken), {})
    assert list(tmp_path.iterdir()) == []


def test_transposing_turns_rows_into_columns():
    rows = random_bits(128, 5, 0.5)
    columns = transposed(rows).view(np.uint8)
    bits = np.unpackbits(rows, axis=1, bitorder="little")
    assert np.array_equal(np.unpackbits(columns, axis=1, bitorder="little").T, bits)


@pytest.mark.parametrize("k", [0, 1, 2, 3, 4, 5, 9, 41, 200])
def test_planes_count_the_rows(k: int):
    bits = np.random.default_rng(k).random((k, 192)) < 0.6
    rows = np.packbits(bits, axis=1, bitorder="little").view("<u8").reshape(k, 3)
    planes, counts = planes_of(rows.copy()), bits.sum(axis=0)
    assert np.array_equal(counts_at(planes, np.arange(192)), counts)
    for floor in (0, 1, k // 2, k, k + 1, 1000):
        assert np.array_equal(positions(at_least(planes, floor)), np.flatnonzero(counts >= floor))
    for place in (1, 7, 192):
        assert kth_largest(planes, place) == np.sort(counts)[-place]
    assert kth_largest(planes, 193) == 0
