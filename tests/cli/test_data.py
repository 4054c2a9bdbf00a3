import json
from collections.abc import Callable
from pathlib import Path

import pytest
from toy_runs import series
from toy_server import Answer, in_turn, serving


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YAOKIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("YAOKIT_DATA_DIR", raising=False)


def test_the_list_has_every_set_and_can_be_narrowed(yaokit: Callable) -> None:
    everything = json.loads(yaokit("data", "list", "--json").stdout)["sets"]
    assert {"builtin:chembl2321810", "moleculenet/bace", "tdc_admet_group/herg"} <= {
        s["name"] for s in everything
    }
    done = yaokit("data", "list", "herg")
    assert done.returncode == 0
    assert "tdc_admet_group/herg" in done.stdout
    assert "bace" not in done.stdout
    assert "no data set has 'xyzzy'" in yaokit("data", "list", "xyzzy").stdout


def test_one_set_is_shown_in_full(yaokit: Callable) -> None:
    done = yaokit("data", "show", "bace")
    for word in ("licence", "citation", "10.1039/C7SC02664A", "yaokit data fetch moleculenet/bace"):
        assert word in done.stdout


def test_a_fetched_set_is_read_by_name(yaokit: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    table = b"smiles,pIC50\nCCO,5\nCC(C,6\n"
    with serving(in_turn(Answer(table))) as server:
        monkeypatch.setenv("YAOKIT_HOST_DEEPCHEM", server.url)
        done = yaokit("data", "fetch", "bace", "--quiet")
    assert (done.returncode, done.stderr) == (0, "")
    assert "recorded now" in done.stdout
    done = yaokit("curate", "data:bace", "--value", "pIC50", "-o", "out", "--quiet", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["n_kept"] == 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("fetch", "bac"), "did you mean moleculenet/bace"),
        (("fetch", "bace", "--data-dir", "nowhere"), "no such folder of data sets"),
        (("show", "chembl/EGFR"), "chembl/CHEMBL203/IC50"),
    ],
)
def test_mistakes_are_one_line(words: tuple[str, ...], told: str, yaokit: Callable) -> None:
    done = yaokit("data", *words)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert told in done.stderr


def test_no_network_is_one_line_that_says_what_to_do(
    yaokit: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(in_turn(Answer())) as server:
        monkeypatch.setenv("YAOKIT_HOST_DEEPCHEM", server.url)
    done = yaokit("data", "fetch", "bace", "--quiet")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "elsewhere and put it at" in done.stderr


def test_what_two_tables_share_is_counted(yaokit: Callable, tmp_path: Path) -> None:
    smiles = series(30)[0]
    (tmp_path / "train.smi").write_text("\n".join(smiles[:20]) + "\n")
    (tmp_path / "test.smi").write_text("\n".join([*smiles[18:], "CC(C"]) + "\n")
    done = yaokit("data", "leakage", "train.smi", "test.smi", "--quiet", "--json", "--workers", "1")
    assert done.returncode == 0, done.stderr
    about = json.loads(done.stdout)
    assert (about["n_train"], about["n_test"], about["same_molecule"]) == (20, 12, 2)
    assert (about["n_rejected_train"], about["n_rejected_test"]) == (0, 1)
    assert sum(about["similarity"]["counts"]) == 12
