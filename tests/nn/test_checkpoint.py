"""Arrays on disk."""

from pathlib import Path

import numpy as np
import pytest

from yaokit.core.errors import UsageError
from yaokit.nn.checkpoint import load_arrays, save_arrays


def test_arrays_come_back_as_they_were(tmp_path: Path):
    arrays = {
        "a": np.arange(6, dtype=np.float32).reshape(2, 3).T,  # not contiguous
        "b": np.array([], np.int64),
        "c": np.array([np.nan, np.inf]),
    }
    save_arrays(tmp_path / "x.safetensors", arrays)
    found = load_arrays(tmp_path / "x.safetensors")
    assert set(found) == set(arrays)
    for name, array in arrays.items():
        assert found[name].dtype == array.dtype
        assert np.array_equal(found[name], array, equal_nan=array.dtype.kind == "f")
    assert [path.name for path in tmp_path.iterdir()] == ["x.safetensors"]


@pytest.mark.parametrize("content", [b"", b"\x00" * 100, b"no tensors here"])
def test_a_damaged_file_is_named(content: bytes, tmp_path: Path):
    (tmp_path / "x.safetensors").write_bytes(content)
    with pytest.raises(UsageError, match=r"x\.safetensors is damaged"):
        load_arrays(tmp_path / "x.safetensors")


def test_a_missing_file_is_named(tmp_path: Path):
    with pytest.raises(UsageError, match=r"x\.safetensors is missing"):
        load_arrays(tmp_path / "x.safetensors")
