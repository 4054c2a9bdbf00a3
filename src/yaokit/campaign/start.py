"""Where a campaign starts: the plans that ship, and a commented one for the user's own table."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from yaokit.core.errors import UsageError
from yaokit.core.store import write_text
from yaokit.data.curation.measurements import ValueColumn
from yaokit.data.curation.preview import guessed_values, preview

_WHICH = "WHICH?"
_PLANS = Path(__file__).parent / "plans"


def demo_plan_path(quick: bool = False) -> Path:
    """The plan of `yaokit demo`."""
    return _PLANS / ("demo-quick.toml" if quick else "demo.toml")


@dataclass(frozen=True)
class Started:
    """A new plan: its file, what was seen in the table, and the line where a choice is left."""

    plan: Path
    seen: dict[str, Any] | None = None
    open_line: int | None = None


def init_campaign(folder: Path, table: Path | None = None) -> Started:
    """Write folder/campaign.toml, its columns guessed from `table`.

    UsageError if there is a plan already or the table cannot be read.
    """
    plan = folder / "campaign.toml"
    if plan.exists():
        raise UsageError(f"{plan} exists already; edit it, or choose another folder")
    text = (_PLANS / "template.toml").read_text(encoding="utf-8")
    seen = preview([table]) if table else None
    parts = _of_table(table, folder, seen) if table and seen else _EMPTY
    folder.mkdir(parents=True, exist_ok=True)
    text = text.format(file=plan, **parts)
    write_text(plan, text)
    lines = text.splitlines()
    return Started(plan, seen, next((i for i, line in enumerate(lines, start=1) if _WHICH in line), None))


_EMPTY = {
    "title": '"My campaign"',
    "task": '"pIC50"',
    "files": '["measurements.csv"]     # .csv .tsv .smi .xlsx .parquet, also .gz',
    "roles": '# smiles = "SMILES"        # guessed if not given\n# id = "ID"\n',
    "values": '  { column = "IC50", unit = "nM", goal = "maximize" },\n',
}


def _of_table(table: Path, folder: Path, seen: dict[str, Any]) -> dict[str, str]:
    values = guessed_values(table)
    roles = seen["files"][0]
    lines = f"  {_value(values[0])},\n" if values else _choice(seen["numeric"])
    guessed = {value.column for value in values}
    more = [ValueColumn(name, unit="none") for name in seen["numeric"] if name not in guessed]
    others = "".join(f"  # {_value(value)},\n" for value in [*values[1:], *more])
    named = [(key, roles[key]) for key in ("smiles", "id") if roles[key]]
    return {
        "title": _quoted(table.name.split(".")[0]),
        "task": _quoted(values[0].task if values else "pIC50"),
        "files": f"[{_quoted(_path_from(folder, table))}]",
        "roles": "".join(f"{key} = {_quoted(name)}\n" for key, name in named),
        "values": lines + (others if values else ""),
    }


def _choice(numeric: list[str]) -> str:
    """A value line to fill in, with the columns that could stand there."""
    could = "one of: " + ", ".join(numeric) if numeric else "the table has no column of numbers"
    return f'  {{ column = "{_WHICH}", unit = "{_WHICH}", goal = "maximize" }},   # {could}\n'


def _path_from(folder: Path, table: Path) -> str:
    """Relative if the table lies in the folder or beside it, so that both can move; else absolute."""
    relative = os.path.relpath(table, folder)
    return str(table.absolute()) if relative.startswith(os.path.join("..", "..")) else relative


def _value(value: ValueColumn) -> str:
    pairs = [("column", value.column), ("unit", value.unit), ("unit_column", value.unit_column)]
    pairs += [("relation", value.relation), ("goal", "maximize")]
    return "{ " + ", ".join(f"{k} = {_quoted(v)}" for k, v in pairs if v) + " }"


def _quoted(text: str) -> str:
    """A TOML string."""
    return json.dumps(text, ensure_ascii=False)
