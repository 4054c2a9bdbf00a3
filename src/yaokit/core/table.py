"""MolTable: molecules and what is known of them; no row is ever lost."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from yaokit.core.reasons import REASONS
from yaokit.core.store import writing

REJECTS = pa.schema(
    [
        ("row", pa.int64()),
        ("source", pa.string()),
        ("line", pa.int64()),
        ("smiles", pa.string()),
        ("code", pa.string()),
        ("message", pa.string()),
    ]
)
MERGED = pa.schema([("row", pa.int64()), ("kept_id", pa.string())])


@dataclass(frozen=True)
class MolTable:
    """A frozen table in which each input row is kept, merged into a kept one, or rejected.

    `data` has the columns row (int64, number of the input row), id (string), smiles (string) and
    any others. `n_in == n_kept + n_merged + n_rejected` is checked at every step.
    """

    data: pa.Table
    rejects: pa.Table
    merged: pa.Table
    n_in: int

    def __post_init__(self) -> None:
        for name in ("row", "id", "smiles"):
            if name not in self.data.column_names:
                raise ValueError(f"a MolTable needs the column {name!r}, has {self.data.column_names}")
        if self.n_in != self.n_kept + self.n_merged + self.n_rejected:
            raise ValueError(
                f"{self.n_in} rows in, but {self.n_kept} kept + {self.n_merged} merged + "
                f"{self.n_rejected} rejected"
            )
        rows = np.concatenate([t["row"].to_numpy() for t in (self.data, self.merged, self.rejects)])
        if len(np.unique(rows)) != len(rows):
            raise ValueError("a row is kept, merged or rejected more than once")

    @classmethod
    def of(
        cls,
        smiles: Sequence[str],
        ids: Sequence[str] | None = None,
        columns: Mapping[str, Any] | None = None,
    ) -> "MolTable":
        """A table of molecules, all kept; ids default to the row number."""
        n = len(smiles)
        data = {
            "row": pa.array(np.arange(n)),
            "id": pa.array([str(i) for i in (range(n) if ids is None else ids)], pa.string()),
            "smiles": pa.array(list(smiles), pa.string()),
            **(columns or {}),
        }
        return cls(pa.table(data), REJECTS.empty_table(), MERGED.empty_table(), n)

    @property
    def n_kept(self) -> int:
        return self.data.num_rows

    @property
    def n_merged(self) -> int:
        return self.merged.num_rows

    @property
    def n_rejected(self) -> int:
        return self.rejects.num_rows

    def __len__(self) -> int:
        return self.data.num_rows

    @property
    def ids(self) -> list[str]:
        return self.data["id"].to_pylist()

    @property
    def smiles(self) -> list[str]:
        return self.data["smiles"].to_pylist()

    def column(self, name: str) -> np.ndarray:
        """One column as (n,) array; numbers as float64 with NaN for missing, others as objects."""
        if name not in self.data.column_names:
            raise KeyError(f"no column {name!r}; there are: {', '.join(self.data.column_names)}")
        column = self.data[name]
        if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
            return column.cast(pa.float64()).to_numpy(zero_copy_only=False)
        if pa.types.is_boolean(column.type) and not column.null_count:
            return column.to_numpy(zero_copy_only=False).astype(bool)
        return np.array(column.to_pylist(), dtype=object)

    def with_columns(
        self, columns: Mapping[str, Any], meta: Mapping[str, Mapping[str, str]] | None = None
    ) -> "MolTable":
        """The table with columns added or replaced; `meta` gives a column's unit, source and so on."""
        data = self.data
        for name, values in columns.items():
            array = values if isinstance(values, pa.Array | pa.ChunkedArray) else pa.array(values)
            field = pa.field(name, array.type, metadata=dict((meta or {}).get(name, {})) or None)
            at = data.schema.get_field_index(name)
            data = data.append_column(field, array) if at < 0 else data.set_column(at, field, array)
        return replace(self, data=data)

    def meta(self, name: str) -> dict[str, str]:
        """What `with_columns` recorded of a column (unit, source, …)."""
        raw = self.data.schema.field(name).metadata or {}
        return {k.decode(): v.decode() for k, v in raw.items()}

    def take(self, indices: Sequence[int] | np.ndarray) -> "MolTable":
        """A table of its own with these rows of `data`, in this order, renumbered from 0."""
        data = self.data.take(pa.array(np.asarray(indices, np.int64)))
        data = data.set_column(data.schema.get_field_index("row"), "row", pa.array(np.arange(len(data))))
        return MolTable(data, REJECTS.empty_table(), MERGED.empty_table(), len(data))

    def keep(self, mask: np.ndarray, code: str, why: str | Sequence[str]) -> "MolTable":
        """The rows where `mask` is true; the others go to `rejects` under `code`.

        Rows merged into one that leaves go with it. `why` is one message or one per row of `data`.
        """
        if code not in REASONS:
            raise KeyError(f"unknown reason code {code!r}")
        gone = np.flatnonzero(~np.asarray(mask, bool))
        if not len(gone):
            return self
        messages = [why] * len(self) if isinstance(why, str) else list(why)
        left = self.data.take(pa.array(gone))
        rejects = [self.rejects, _rejected(left, code, [messages[i] for i in gone])]
        orphans = pc.is_in(self.merged["kept_id"], left["id"].combine_chunks())
        lost = self.merged.filter(orphans)
        if len(lost):
            note = [f"merged into {kept}, which was rejected" for kept in lost["kept_id"].to_pylist()]
            rejects.append(_rejected(lost, code, note))
        return MolTable(
            data=self.data.filter(pa.array(np.asarray(mask, bool))),
            rejects=pa.concat_tables(rejects),
            merged=self.merged.filter(pc.invert(orphans)),
            n_in=self.n_in,
        )

    def top(self, n: int, by: str) -> "MolTable":
        """The n rows with the highest value of column `by`, best first, ties broken by id."""
        values, ids = self.column(by), self.ids
        order = sorted(
            range(len(self)), key=lambda i: (-values[i] if values[i] == values[i] else np.inf, ids[i])
        )
        mask = np.zeros(len(self), bool)
        mask[order[:n]] = True
        kept = self.keep(mask, "BELOW_TOP", f"not among the {n} with the highest {by}")
        place = {id_: k for k, id_ in enumerate(ids[i] for i in order[:n])}
        back = sorted(range(len(kept)), key=lambda i: place[kept.ids[i]])
        return replace(kept, data=kept.data.take(pa.array(back, pa.int64())))

    def batches(self, n: int) -> Iterator["MolTable"]:
        """Tables of at most n rows, in order."""
        for start in range(0, len(self), n):
            yield self.take(np.arange(start, min(start + n, len(self))))

    def counts(self) -> dict[str, Any]:
        """n_in, n_kept, n_merged, n_rejected and how many rows each code took."""
        codes = pc.value_counts(self.rejects["code"]).to_pylist() if self.n_rejected else []
        return {
            "n_in": self.n_in,
            "n_kept": self.n_kept,
            "n_merged": self.n_merged,
            "n_rejected": self.n_rejected,
            "codes": {
                c["values"]: c["counts"] for c in sorted(codes, key=lambda c: (-c["counts"], c["values"]))
            },
        }

    def write(self, folder: Path) -> None:
        """data.parquet, rejects.parquet and merged.parquet; each appears whole or not at all."""
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("data", "rejects", "merged"):
            with writing(folder / f"{name}.parquet") as part:
                pq.write_table(getattr(self, name), part)

    @classmethod
    def read(cls, folder: Path) -> "MolTable":
        """What `write` wrote."""
        data, rejects, merged = (
            pq.read_table(folder / f"{n}.parquet") for n in ("data", "rejects", "merged")
        )
        return cls(data, rejects, merged, len(data) + len(rejects) + len(merged))


def _rejected(rows: pa.Table, code: str, messages: Sequence[str]) -> pa.Table:
    def column(name: str, kind: pa.DataType) -> pa.Array | pa.ChunkedArray:
        return rows[name].cast(kind) if name in rows.column_names else pa.nulls(len(rows), kind)

    return pa.table(
        {
            "row": rows["row"],
            "source": column("source", pa.string()),
            "line": column("line", pa.int64()),
            "smiles": column("smiles", pa.string()),
            "code": pa.array([code] * len(rows), pa.string()),
            "message": pa.array(list(messages), pa.string()),
        },
        schema=REJECTS,
    )
