"""Fingerprint indexes on disk, memory-mapped: only the columns that queries read enter memory.

The file is in the safetensors format, so that anything can read it: `columns`, `popcounts` and
`order` as `FingerprintIndex` has them, and in the metadata a version, a hash of the arrays and what
the caller says about the fingerprints.
"""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np

from yaokit.chem.search import FingerprintIndex, column_blocks, layout
from yaokit.core.errors import UsageError
from yaokit.core.store import writing

FORMAT = "yaokit fingerprint index 1"
_PIECE = 2**24  # bytes hashed or copied at a time
_TYPES = {"columns": ("U64", "<u8"), "order": ("I64", "<i8"), "popcounts": ("U16", "<u2")}


def write_index(path: Path, packed: np.ndarray, about: dict[str, str]) -> None:
    """Build the index of (n, bytes) uint8 fingerprints in a file, one block in memory at a time.

    `packed` may be memory-mapped too. `about` says what made the fingerprints. The file is whole or
    absent.
    """
    popcounts, order, shape = layout(packed)
    shapes = {"columns": shape, "order": order.shape, "popcounts": popcounts.shape}
    with writing(path) as part, open(part, "wb") as file:
        head = _header(shapes, about, "0" * 64)
        file.write(head)
        digest = hashlib.sha256()
        for array in (*column_blocks(packed, order, shape), order, popcounts):
            data = np.ascontiguousarray(array).data.cast("B") if array.size else b""
            digest.update(data)
            file.write(data)
        file.seek(0)
        file.write(_header(shapes, about, digest.hexdigest()))


def open_index(path: Path, about: dict[str, str] | None = None) -> FingerprintIndex:
    """The index in a file. UsageError if it is none, cut short, or not of fingerprints like `about`."""
    with open(path, "rb") as file:
        header, start = _read_header(file, path)
    found = {k: v for k, v in header["__metadata__"].items() if k not in ("format", "sha256")}
    if about is not None and found != about:
        raise UsageError(
            f"{path} holds other fingerprints ({found}) than are needed ({about}); build it again"
        )
    arrays = {}
    for name, (_, dtype) in _TYPES.items():
        shape, at = tuple(header[name]["shape"]), start + header[name]["data_offsets"][0]
        empty = 0 in shape
        arrays[name] = np.zeros(shape, dtype) if empty else np.asarray(np.memmap(path, dtype, "r", at, shape))
    return FingerprintIndex(**arrays)


def verify_index(path: Path) -> None:
    """Read the whole file and compare its hash; UsageError if anything in it has changed."""
    with open(path, "rb") as file:
        header, start = _read_header(file, path)
        file.seek(start)
        digest = hashlib.sha256()
        for piece in _pieces(file):
            digest.update(piece)
    if digest.hexdigest() != header["__metadata__"]["sha256"]:
        raise UsageError(f"{path} has been damaged since it was written; build it again")


def _header(shapes: dict[str, tuple[int, ...]], about: dict[str, str], sha256: str) -> bytes:
    tensors, at = {}, 0
    for name, (kind, dtype) in _TYPES.items():
        end = at + int(np.prod(shapes[name])) * np.dtype(dtype).itemsize
        tensors[name] = {"dtype": kind, "shape": list(shapes[name]), "data_offsets": [at, end]}
        at = end
    text = json.dumps({"__metadata__": {"format": FORMAT, **about, "sha256": sha256}, **tensors}).encode()
    text += b" " * (-len(text) % 64 + 56)  # data starts at a multiple of 64
    return len(text).to_bytes(8, "little") + text


def _read_header(file: IO[bytes], path: Path) -> tuple[dict[str, Any], int]:
    length = int.from_bytes(file.read(8), "little")
    text = file.read(length) if length < 2**20 else b""
    try:
        header = json.loads(text)
        known = header["__metadata__"]["format"] == FORMAT
        size = max(header[name]["data_offsets"][1] for name in _TYPES)
    except (ValueError, KeyError, TypeError):
        known, size, header = False, 0, {}
    if not known:
        raise UsageError(f"{path} is not a fingerprint index of this version; build it again")
    if path.stat().st_size != 8 + length + size:
        raise UsageError(
            f"{path} is {path.stat().st_size:,} bytes, not {8 + length + size:,}; build it again"
        )
    return header, 8 + length


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    while piece := file.read(_PIECE):
        yield piece
