"""Measured quantities: which column, in which unit, and what the result is called."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from yaokit.core.errors import UsageError
from yaokit.data.curation.classes import Classes
from yaokit.data.curation.units import is_concentration, known_unit
from yaokit.data.read.columns import no_column

_IN_NAME = re.compile(r"[\s_(\[]([mnpuµμ]?M)[\])]?$")  # "IC50 (nM)", "Ki_uM"
_P_NAME = re.compile(r"p(IC50|EC50|XC50|AC50|Ki|Kd|ChEMBL)(?![a-z])", re.I)
RESERVED = {"row", "id", "smiles", "n", "spread", "repaired", "source", "source_rows", "input_smiles"}


@dataclass(frozen=True)
class ValueColumn:
    """One measured quantity: the column it stands in, its unit, and what it is to be called.

    `unit` is one of pM nM uM mM M (put on the p-scale), "p" (is on it), "%" or "none" (left as
    they are); `unit_column` and `relation` name columns that give unit and relation row by row.
    With `classes` the result is 1 or 0 in place of a number.
    """

    column: str
    name: str | None = None
    unit: str = "p"
    unit_column: str | None = None
    relation: str | None = None
    classes: Classes | None = None

    def __post_init__(self) -> None:
        known_unit(self.unit)

    @property
    def task(self) -> str:
        """The column's name in the curated table: "IC50_nM" in nM becomes "pIC50"."""
        if self.name:
            return self.name
        is_converted = is_concentration(self.unit) or (self.unit_column is not None and self.on_p_scale)
        if not is_converted or self.column.startswith("p") or self.is_label:
            return self.column
        return "p" + re.sub(r"[\s_(\[]*[mnpuµμ]?M[\])]?$", "", self.column)

    @property
    def on_p_scale(self) -> bool:
        """Whether the curated values are -log10 of molar concentrations."""
        return known_unit(self.unit) not in ("%", "none") and self.classes is None

    @property
    def is_label(self) -> bool:
        """Whether the cells hold labels ("active") rather than numbers to be cut at a threshold."""
        return self.classes is not None and self.classes.threshold is None

    @property
    def unit_of_name(self) -> str | None:
        """The unit that the column's name tells if it is another than the molar one it is read in."""
        if self.unit_column is not None or self.is_label or known_unit(self.unit) in ("%", "none"):
            return None
        written = _IN_NAME.search(self.column)
        told = known_unit(written[1]) if written else "p" if _P_NAME.match(self.column) else None
        return None if told is None or told == known_unit(self.unit) else told

    def columns(self) -> list[str]:
        """All input columns it reads."""
        return [name for name in (self.column, self.unit_column, self.relation) if name]


def check_values(values: Sequence[ValueColumn], columns: Sequence[str], source: str) -> None:
    """UsageError if a column is missing or two results would have one name."""
    for value in values:
        for name in value.columns():
            if name not in columns:
                raise no_column(name, columns, source)
    tasks = [value.task for value in values]
    if reserved := RESERVED.intersection(tasks):
        raise UsageError(
            f"a value cannot be called {sorted(reserved)[0]!r}, a column of its own; give it a name"
        )
    if repeated := {task for task in tasks if tasks.count(task) > 1}:
        raise UsageError(f"two value columns would both be called {sorted(repeated)[0]!r}; give one a name")
