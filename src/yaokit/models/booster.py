"""Trees that LightGBM grew, read from their text.

LightGBM's C library is called directly: the same numbers at the same speed as by its Python package,
whose import takes scikit-learn and pandas with it.
"""

import ctypes
import weakref
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from scipy.sparse import csr_array, csr_matrix

_NORMAL, _CONTRIBUTIONS = 0, 3  # what LGBM_BoosterPredictForCSR can give
_CODES = {"float32": 0, "float64": 1, "int32": 2, "int64": 3}  # of element types
_SETTINGS = b"num_threads=1 verbosity=-1"


class Booster:
    """One booster; `text` is what LightGBM's `model_to_string` gives and must be whole."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._handle = ctypes.c_void_p()
        _call(
            "BoosterLoadModelFromString",
            text.encode(),
            ctypes.byref(ctypes.c_int()),
            ctypes.byref(self._handle),
        )
        weakref.finalize(self, _library().LGBM_BoosterFree, self._handle)

    def __reduce__(self) -> tuple:
        return Booster, (self.text,)

    def predict(self, X: csr_array | csr_matrix) -> np.ndarray:
        """(n,) float64: the value, or the probability of class 1."""
        return self._given(X, _NORMAL)[:, 0]

    def contributions(self, X: csr_array | csr_matrix) -> np.ndarray:
        """(n, features + 1) float64: SHAP values and, last, the mean of the training rows.

        On the scale of the trees: log odds for a class.
        """
        return self._given(X, _CONTRIBUTIONS)

    def _given(self, X: csr_array | csr_matrix, what: int) -> np.ndarray:
        if not X.shape[0]:
            return np.empty((0, 1 if what == _NORMAL else X.shape[1] + 1))
        data = np.ascontiguousarray(X.data, np.float32 if X.dtype == np.float32 else np.float64)
        starts, columns = np.ascontiguousarray(X.indptr, np.int64), np.ascontiguousarray(X.indices, np.int32)
        kind, every, size = ctypes.c_int(what), (ctypes.c_int(0), ctypes.c_int(-1)), ctypes.c_int64()
        _call(
            "BoosterCalcNumPredict", self._handle, ctypes.c_int(X.shape[0]), kind, *every, ctypes.byref(size)
        )
        out = np.empty(size.value)
        _call(
            "BoosterPredictForCSR",
            self._handle,
            *_array(starts),
            _array(columns)[0],
            *_array(data),
            *map(ctypes.c_int64, (len(starts), len(data), X.shape[1])),
            kind,
            *every,
            _SETTINGS,
            ctypes.byref(size),
            ctypes.c_void_p(out.ctypes.data),
        )
        return out.reshape(X.shape[0], -1)


def _array(values: np.ndarray) -> tuple[ctypes.c_void_p, ctypes.c_int]:
    """Where a contiguous array lies and the code of its element type."""
    return ctypes.c_void_p(values.ctypes.data), ctypes.c_int(_CODES[values.dtype.name])


def _call(name: str, *arguments: object) -> None:
    if getattr(_library(), f"LGBM_{name}")(*arguments) != 0:
        raise ValueError(f"LightGBM: {_library().LGBM_GetLastError().decode()}")


@cache
def _library() -> ctypes.CDLL:
    """LightGBM's C library, from its package's folder, where that is not imported by looking."""
    spec = find_spec("lightgbm")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("no package lightgbm: install it")
    folder = Path(spec.submodule_search_locations[0])
    endings = (".so", ".dylib", ".dll")
    found = [path for path in sorted(folder.glob("*/lib_lightgbm.*")) if path.suffix in endings]
    if found:
        library = ctypes.CDLL(str(found[0]))
    else:  # built from source it may lie elsewhere
        from lightgbm.basic import _LIB as library  # pyright: ignore[reportPrivateImportUsage]
    library.LGBM_GetLastError.restype = ctypes.c_char_p
    return library
