"""A code hash changes with what code does, not with how it is written."""

import ast

import pytest

from yaokit.bench import codehash
from yaokit.bench.codehash import closure, code_hash, shape
from yaokit.bench.fits import files_of
from yaokit.bench.runner import BENCHMARKS, hash_of

CODE = '''"""About."""
def double(x):
    """Twice x."""
    return f"{x}" + x * 2  # why
'''


def _shape(text: str) -> list[str]:
    return list(shape(ast.parse(text)))


def test_comments_docstrings_and_layout_do_not_count():
    assert _shape(CODE) == _shape('def double(x): return f"{x}" + x*2')


@pytest.mark.parametrize(("old", "new"), [("* 2", "* 3"), ("+", "-"), ("(x)", "(x, y=1)"), ("{x}", "{x!r}")])
def test_everything_else_does(old: str, new: str):
    assert _shape(CODE) != _shape(CODE.replace(old, new))


def test_what_is_imported_counts_and_what_is_only_kept_or_told_does_not():
    found = closure(["models/boosting.py", "nn/tokenizer.py", "bench/admet_group.py"])
    assert {"models/booster.py", "models/targets.py", "core/seed.py"} <= found
    assert {"nn/data/tokens-1.csv", "bench/data/admet_group.csv", "chem/data/repairs.csv"} <= found
    assert not found & {"models/gnn.py", "models/featurize.py", "core/progress.py", "bench/admet_page.py"}


def test_a_fit_is_of_its_members_code_alone(monkeypatch: pytest.MonkeyPatch):
    labels = ("svm", "boosting", "boosting:full")
    assert len({code_hash(*files_of(label)) for label in labels}) == 2  # "fp" and "full" are of one file
    before = {label: code_hash(*files_of(label)) for label in labels}
    said = codehash._said
    monkeypatch.setattr(codehash, "_said", lambda path: path if path == "models/svm.py" else said(path))
    after = {label: code_hash(*files_of(label)) for label in labels}
    assert [label for label in labels if after[label] != before[label]] == ["svm"]


@pytest.mark.parametrize("label", ["gnn", "svm:wide", "boosting:full"])
def test_what_is_computed_from_full_features_is_of_their_code(label: str):
    assert {"models/rows.py", "chem/features.py", "chem/descriptors.py"} <= closure(files_of(label))


def test_every_benchmark_has_its_own():
    hashes = {hash_of(name) for name in BENCHMARKS}
    assert len(hashes) == len(BENCHMARKS)
    assert hash_of("admet_group", ["nearest"]) not in hashes


def test_weights_that_are_shipped_do_not_touch_who_does_not_read_them(tmp_path, monkeypatch):
    package = tmp_path / "yaokit"
    for path in ("nn/weights/graph/card.json", "nn/data/card.json", "nn/data/a.csv"):
        (package / path).parent.mkdir(parents=True, exist_ok=True)
        (package / path).write_text("{}")
    monkeypatch.setattr(codehash, "PACKAGE", package)
    codehash._data_files.cache_clear()
    try:
        assert codehash._data_files() == {"card.json": ["nn/data/card.json"], "a.csv": ["nn/data/a.csv"]}
    finally:
        codehash._data_files.cache_clear()
