"""A name for the code that made a result: the same until the code does something else."""

import ast
import hashlib
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).parents[1]
# Tables of plug-ins: who picks from one names what it picks. Plumbing: keeps, runs and tells, no number is
# from there. Pages: say a result.
TABLES = ("models/__init__.py", "models/featurize.py")
PLUMBING = tuple(f"core/{name}.py" for name in ("cache", "errors", "guard", "lazy", "progress", "store"))
PAGES = ("bench/pages.py", "bench/admet_page.py")
_LEFT_OUT = frozenset((*TABLES, *PLUMBING, *PAGES))
WEIGHTS = "nn/weights"  # cards of pre-trained networks: who reads one names it (fits.files_of)


def code_hash(*roots: str, scripts: Iterable[Path] = ()) -> str:
    """16 hex digits over these files of the package and all that they import or read of it.

    Comments, docstrings and layout do not count. `scripts` are files beside the package; they measure
    time too, so that with them the plumbing counts.
    """
    scripts = sorted(scripts)
    without = (*TABLES, *PAGES) if scripts else _LEFT_OUT
    digest = hashlib.sha256()
    for path in sorted(closure(roots, without)):
        digest.update(f"{path}\0{_said(path)}\0".encode())
    for script in scripts:
        digest.update("\0".join(shape(ast.parse(script.read_text(encoding="utf-8")))).encode())
    return digest.hexdigest()[:16]


def closure(roots: Iterable[str], without: Iterable[str] = _LEFT_OUT) -> set[str]:
    """The files, as paths or patterns within the package, and what they need, without some."""
    found: set[str] = set()
    todo = [path.relative_to(PACKAGE).as_posix() for root in roots for path in PACKAGE.glob(root)]
    while todo:
        path = todo.pop()
        if path not in found and path not in without:
            found.add(path)
            todo += _needed(path)
    return found


def files(target: str) -> list[str]:
    """The file of a lazy "package.module:attribute"; none if it is of another package."""
    return _module(target.partition(":")[0])


@cache
def _needed(path: str) -> tuple[str, ...]:
    """What a file imports, wherever in it, and the data files and packages of data that it names."""
    if not path.endswith(".py"):
        return ()
    out: list[str] = []
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Import):
            out += [file for name in node.names for file in _module(name.name)]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{name.name}" for name in node.names]
            out += [file for name in (node.module, *names) for file in _module(name)]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            out += _data(node.value)
    return tuple(dict.fromkeys(out))


def _module(name: str) -> list[str]:
    """The file of a module of the package; none of anything else."""
    head, *rest = name.split(".")
    place = PACKAGE.joinpath(*rest)
    either = [place.with_suffix(".py"), place / "__init__.py"] if head == PACKAGE.name and rest else []
    return [file.relative_to(PACKAGE).as_posix() for file in either if file.is_file()]


def _data(text: str) -> list[str]:
    """The data files that a name means: a file's own, or a package's, all in it."""
    if text in _data_files():
        return _data_files()[text]
    if text.startswith(f"{PACKAGE.name}.") and (folder := PACKAGE.joinpath(*text.split(".")[1:])).is_dir():
        return [
            path for paths in _data_files().values() for path in paths if (PACKAGE / path).parent == folder
        ]
    return []


@cache
def _data_files() -> dict[str, list[str]]:
    """Name → paths of the data that stand in the package."""
    out: dict[str, list[str]] = {}
    for path in sorted(PACKAGE.rglob("*")):
        name = path.relative_to(PACKAGE).as_posix()
        if path.suffix in (".csv", ".toml", ".json", ".smi") and not name.startswith(f"{WEIGHTS}/"):
            out.setdefault(path.name, []).append(name)
    return out


@cache
def _tree(path: str) -> ast.Module:
    return ast.parse((PACKAGE / path).read_text(encoding="utf-8"))


@cache
def _said(path: str) -> str:
    if path.endswith(".py"):
        return "\0".join(shape(_tree(path)))
    return hashlib.sha256((PACKAGE / path).read_bytes()).hexdigest()


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
