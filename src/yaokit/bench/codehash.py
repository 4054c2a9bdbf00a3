"""A name for the code that made a result: the same until the code does something else."""

import ast
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).parents[1]
COMMON = (
    "core/*.py",
    "chem/**/*.py",
    "chem/**/*.csv",
    "data/**/*.py",
    "models/*.py",
    "nn/**/*.py",
    "nn/**/*.csv",
)


def code_hash(*patterns: str) -> str:
    """16 hex digits over COMMON and these files; comments, docstrings and layout do not count."""
    digest = hashlib.sha256()
    for path in sorted({path for pattern in (*COMMON, *patterns) for path in PACKAGE.glob(pattern)}):
        digest.update(path.relative_to(PACKAGE).as_posix().encode())
        text = path.read_text(encoding="utf-8")
        for part in shape(ast.parse(text)) if path.suffix == ".py" else [text]:
            digest.update(f"{part}\0".encode())
    return digest.hexdigest()[:16]


def shape(node: Any) -> Iterator[str]:
    """What a syntax tree says, the same for every version of Python."""
    if isinstance(node, list):
        for item in node:
            if not (isinstance(item, ast.Expr) and isinstance(item.value, ast.Constant)):  # a docstring
                yield from shape(item)
    elif isinstance(node, ast.AST):
        yield type(node).__name__
        for name, value in ast.iter_fields(node):
            if value is not None and value != []:
                yield name
                yield from shape(value)
        yield "."
    else:
        yield repr(node)
