"""A code hash changes with what code does, not with how it is written."""

import ast

import pytest

from yaokit.bench.codehash import code_hash, shape
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


def test_files_of_a_benchmark_count():
    assert code_hash() != code_hash("bench/admet_group.py")


def test_every_benchmark_names_files_that_are_there():
    from yaokit.bench.codehash import PACKAGE
    from yaokit.bench.runner import COMMON
    from yaokit.core.lazy import resolve

    for name, target in BENCHMARKS.items():
        assert all((PACKAGE / path).is_file() for path in (*COMMON, *resolve(target).measured))
        assert len(hash_of(name)) == 16
