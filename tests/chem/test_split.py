"""Folds: whole groups, even sizes, nothing later before earlier, decided by the seed alone."""

import datetime as dt

import numpy as np
import pytest
from rdkit import Chem
from rdkit.Chem.Scaffolds import MurckoScaffold
from toy_runs import series

from yaokit.chem.cluster import THRESHOLD, butina
from yaokit.chem.fingerprints import SIZE, generator, morgan_counts
from yaokit.chem.folds import Folds
from yaokit.chem.given import column_folds
from yaokit.chem.order import as_times, time_folds
from yaokit.chem.similarity import tanimoto
from yaokit.chem.split import SPLITS, group_folds, make_folds, random_folds, scaffold_folds
from yaokit.core.errors import UsageError


@pytest.fixture(scope="module")
def smiles() -> list[str]:
    return series(200)[0]


@pytest.mark.parametrize("name", list(SPLITS))
def test_every_molecule_is_in_one_fold_and_no_fold_is_empty(name: str, smiles: list[str]):
    folds = make_folds(name, smiles, 5, 0)
    assert folds.numbers.shape == (200,)
    assert np.unique(folds.numbers).tolist() == [0, 1, 2, 3, 4] == list(folds.judged)


@pytest.mark.parametrize("name", list(SPLITS))
def test_the_seed_decides(name: str, smiles: list[str]):
    first, again, other = (make_folds(name, smiles, 5, seed).numbers for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_random_folds_are_equal_in_size():
    assert sorted(np.bincount(random_folds(["C"] * 23, 5, 0)).tolist()) == [4, 4, 5, 5, 5]


def test_a_scaffold_is_never_torn_apart(smiles: list[str]):
    folds = scaffold_folds(smiles, 5, 0)
    at: dict[str, set[int]] = {}
    for text, fold in zip(smiles, folds, strict=True):
        mol = Chem.MolFromSmiles(text)
        Chem.RemoveStereochemistry(mol)
        at.setdefault(MurckoScaffold.MurckoScaffoldSmiles(mol=mol), set()).add(fold)
    assert len(at) > 5
    assert all(len(found) == 1 for found in at.values())


def test_molecules_without_rings_are_groups_of_their_own():
    chains = ["C" * n for n in range(1, 31)]
    assert np.bincount(scaffold_folds(chains, 3, 0)).tolist() == [10, 10, 10]


def test_groups_are_spread_evenly():
    groups = [f"g{i}" for i, n in enumerate([30, 20, 10, 10, 5, 5, 5, 5, 5, 5]) for _ in range(n)]
    assert max(np.bincount(group_folds(groups, 4, 0))) <= 30


def test_too_few_groups_say_what_to_do():
    with pytest.raises(UsageError, match="3 folds need at least 3 different scaffolds; there are 2"):
        group_folds(["a", "a", "b"], 3, 0)


def test_more_folds_than_molecules_are_refused():
    with pytest.raises(UsageError, match="3 folds need at least 3 molecules; there are 2"):
        random_folds(["C", "CC"], 3, 0)


@pytest.mark.parametrize("split", ["leaky", "time", "column:", "random:x", "", ":x"])
def test_a_split_that_does_not_exist_is_told_with_the_choices(split: str):
    with pytest.raises(UsageError, match=r"needs a column|choose one of: butina, random, scaffold, time:COL"):
        make_folds(split, ["C"] * 9, 3, 0, {"x": np.arange(9)})


def test_a_column_that_is_not_there_is_told_with_the_others():
    with pytest.raises(UsageError, match="no column 'day'; there are: Date, series"):
        make_folds("time:day", ["C"], 3, 0, {"Date": np.zeros(1), "series": np.zeros(1)})


class TestButina:
    def test_the_clusters_are_rdkits(self, smiles: list[str]):
        from rdkit import DataStructs
        from rdkit.ML.Cluster import Butina

        bits = [generator().GetFingerprint(Chem.MolFromSmiles(text)) for text in smiles]
        far = [1 - s for i in range(1, 200) for s in DataStructs.BulkTanimotoSimilarity(bits[i], bits[:i])]
        for threshold in (0.4, THRESHOLD, 0.65):
            wanted = Butina.ClusterData(far, 200, 1 - threshold + 1e-9, isDistData=True)
            found = butina(morgan_counts(smiles), threshold)
            assert [sorted(rows) for rows in wanted] == [
                np.flatnonzero(found == number).tolist() for number in range(found.max() + 1)
            ]

    def test_every_member_is_similar_to_its_center(self, smiles: list[str]):
        rows = morgan_counts(smiles)
        near = tanimoto(rows, rows) >= THRESHOLD
        clusters = butina(rows)
        for number in np.unique(clusters):
            members = clusters == number
            assert near[members][:, members].all(axis=1).any()

    def test_blocks_do_not_matter(self, smiles: list[str], monkeypatch: pytest.MonkeyPatch):
        whole = butina(morgan_counts(smiles))
        for name, size in (("_BLOCK", 7), ("_AHEAD", 2)):
            monkeypatch.setattr(f"yaokit.chem.cluster.{name}", size)
        assert np.array_equal(butina(morgan_counts(smiles)), whole)

    def test_nothing_and_one(self):
        assert butina(morgan_counts([])).tolist() == []
        assert butina(morgan_counts(["C"])).tolist() == [0]

    def test_empty_fingerprints_are_clusters_of_their_own(self):
        from scipy.sparse import csr_array

        assert sorted(butina(csr_array((3, SIZE), dtype=np.float32))) == [0, 1, 2]

    def test_a_cluster_is_never_torn_apart(self, smiles: list[str]):
        folds, clusters = make_folds("butina", smiles, 5, 0).numbers, butina(morgan_counts(smiles))
        assert all(len(set(folds[clusters == number])) == 1 for number in np.unique(clusters))


class TestTime:
    def folds(self, values, k: int = 3) -> Folds:
        values = np.asarray(values)
        return time_folds(values, [""] * len(values), k, 0, "Date")

    def test_a_model_never_learns_from_what_came_later(self):
        times = np.random.default_rng(0).permutation(90)
        folds = self.folds(times)
        for fold in folds.judged:
            learned = times[~folds.rows(*folds.left_out(fold))]
            assert learned.max() < times[folds.rows(fold)].min()
            for other in folds.calibrating(fold):
                assert times[folds.rows(other)].max() < times[folds.rows(fold)].min()
                assert times[~folds.rows(*folds.left_out(fold, other))].max() < times[folds.rows(other)].min()

    def test_a_third_starts_and_the_rest_is_cut_evenly(self):
        assert np.bincount(self.folds(np.arange(90)).numbers).tolist() == [30, 15, 15, 15, 15]
        assert self.folds(np.arange(90)).judged == (2, 3, 4)

    def test_equal_times_stay_together_and_no_fold_is_empty(self):
        for seed in range(50):
            rng = np.random.default_rng(seed)
            times = np.concatenate([np.arange(5), rng.geometric(0.3, 60)]).astype(float)
            numbers = self.folds(times).numbers
            assert np.unique(numbers).tolist() == [0, 1, 2, 3, 4]
            assert all(len(set(numbers[times == time])) == 1 for time in times)
            assert (np.diff(numbers[np.argsort(times, kind="stable")]) >= 0).all()

    @pytest.mark.parametrize(
        "dates",
        [
            ["2019-12-31", "2020-01-01", "2021-03-04"],
            ["2019/12/31", "2020/1/1", "2021/3/4"],
            ["2019-12", "2020-01", "2021-03"],
            ["2020-01-01 08:00", "2020-01-01T09:30:00", "2020-01-02"],
            ["3", "20", "100"],
            [dt.date(2019, 12, 31), dt.datetime(2020, 1, 1, 8), dt.datetime(2020, 1, 1, 9)],
            [2019.0, 2020.5, 2021.0],
        ],
    )
    def test_dates_and_numbers_sort_as_time_does(self, dates: list):
        assert (np.diff(as_times(np.array(dates, object), "Date")) > 0).all()

    @pytest.mark.parametrize("bad", [None, "", "soon", "03/04/2021", "2021-13-01", float("nan"), "inf"])
    def test_what_is_no_time_is_named(self, bad):
        values = np.array(["2021-01-01", bad, bad], object)
        with pytest.raises(UsageError, match=r"2 of 3 rows have no time in the column 'Date'"):
            as_times(values, "Date")

    def test_of_unreadable_times_a_written_one_is_shown(self):
        values = np.array(["2021-01-01", None, "13/04/2017", ""], object)
        with pytest.raises(UsageError, match=r"3 of 4 rows .*the first: '13/04/2017'; 2 are empty\); write"):
            as_times(values, "Date")
        with pytest.raises(UsageError, match=r"1 of 2 rows .* can be read: they are empty; write"):
            as_times(values[:2], "Date")

    def test_too_few_times_say_so(self):
        with pytest.raises(UsageError, match="need at least 5 different times; the column 'Date' has 4"):
            self.folds([1, 2, 3, 4] * 9)


class TestColumn:
    def folds(self, values, k: int = 3, smiles=None) -> Folds:
        values = np.asarray(values, object)
        return column_folds(values, smiles or ["C" * (i + 1) for i in range(len(values))], k, 0, "series")

    def test_rows_with_one_value_share_a_fold(self):
        values = ["a", "b", "c", "d", None, None] * 5
        numbers = self.folds(values).numbers
        for value in set(values):
            assert len({n for n, v in zip(numbers, values, strict=True) if v == value}) == 1

    def test_a_row_of_neither_train_nor_test_is_asked_about(self):
        with pytest.raises(UsageError, match=r"train or test, but in 2 of 22 rows nothing"):
            self.folds(["train"] * 15 + ["Test"] * 5 + ["", None])

    def test_a_fold_column_is_taken_as_it_is(self):
        given = np.arange(20) % 5
        folds = self.folds(given.astype(float), k=5)
        assert folds.partition == Folds.cross(given).partition

    @pytest.mark.parametrize(
        "words",
        [
            ("train", "test"),
            ("Train_Val", "TEST"),
            ("training", "holdout"),
            ("train", "hold_out"),
            ("train-val", "Hold-Out"),
            ("train", "hold out"),
        ],
    )
    def test_the_test_rows_alone_are_judged(self, words: tuple[str, str]):
        is_test = np.arange(20) % 4 == 3
        folds = self.folds(np.where(is_test, words[1], words[0]))
        assert len(folds.judged) == 1
        assert np.array_equal(folds.rows(*folds.judged), is_test)
        assert not folds.rows(*folds.left_out(folds.judged[0], 0))[folds.numbers == 1].any()

    @pytest.mark.parametrize("word", ["hold_out", "test", "Hold-out"])
    def test_test_rows_alone_leave_nothing_to_learn_from(self, word: str):
        with pytest.raises(UsageError, match="column 'series' leaves 0 rows to learn from"):
            self.folds([word] * 12)

    def test_test_words_of_several_spellings_are_one_set(self):
        folds = self.folds(["train", "train", "test", "hold_out"] * 5)
        assert folds.rows(*folds.judged).sum() == 10

    def test_validation_rows_are_learned_from(self):
        folds = self.folds(["train", "valid", "Test"] * 5)
        assert folds.rows(*folds.judged).sum() == 5

    def test_one_scaffold_is_cut_at_random(self):
        folds = self.folds(["train", "train", "train", "test"] * 3, smiles=["c1ccccc1"] * 12)
        assert np.unique(folds.numbers).tolist() == [0, 1, 2, 3]

    def test_too_few_values_and_too_small_a_training_set_say_so(self):
        with pytest.raises(
            UsageError, match="at least 3 different values in the column 'series'; there are 2"
        ):
            self.folds(["a", "b"] * 5)
        with pytest.raises(UsageError, match="leaves 1 rows to learn from"):
            self.folds(["train", "test", "test"])


def test_equal_groups_make_one_partition_whatever_their_numbers():
    assert Folds.cross(np.array([0, 0, 1, 2])).partition == Folds.cross(np.array([2, 2, 0, 1])).partition
    assert Folds.cross(np.array([0, 0, 1, 2])).partition != Folds.cross(np.array([2, 0, 0, 1])).partition


def test_the_test_share_is_that_of_the_rows_used():
    assert Folds.cross(np.arange(20) % 5).test_share == pytest.approx(0.2)
    assert Folds(np.arange(4), (2, 3), forward=True).test_share == pytest.approx((1 / 3 + 1 / 4) / 2)
