"""Where a campaign starts: the plans that ship, and a commented one for the user's own table."""

import json
import os
from pathlib import Path

from yaokit.core.errors import UsageError
from yaokit.core.store import write_text
from yaokit.data.measurements import ValueColumn
from yaokit.data.preview import guessed_values, preview

_PLANS = Path(__file__).parent / "plans"


def demo_plan_path(quick: bool = False) -> Path:
    """The plan of `yaokit demo`."""
    return _PLANS / ("demo-quick.toml" if quick else "demo.toml")


def init_campaign(folder: Path, table: Path | None = None) -> Path:
    """Write folder/campaign.toml, its columns guessed from `table`; gives its path.

    UsageError if there is a plan already or the table cannot be read.
    """
    plan = folder / "campaign.toml"
    if plan.exists():
        raise UsageError(f"{plan} exists already; edit it, or choose another folder")
    text = (_PLANS / "template.toml").read_text(encoding="utf-8")
    parts = _of_table(table, folder) if table else _EMPTY
    folder.mkdir(parents=True, exist_ok=True)
    write_text(plan, text.format(file=plan, **parts))
    return plan


_EMPTY = {
    "title": '"My campaign"',
    "task": '"pIC50"',
    "files": '["measurements.csv"]     # .csv .tsv .smi .xlsx .parquet, also .gz',
    "roles": '# smiles = "SMILES"        # guessed if not given\n# id = "ID"\n',
    "values": '  { column = "IC50", unit = "nM", goal = "maximize" },\n',
}


def _of_table(table: Path, folder: Path) -> dict[str, str]:
    seen = preview([table])
    values = guessed_values(table)
    roles = seen["files"][0]
    lines = "".join(f"  {_value(value)},\n" for value in values[:1])
    others = "".join(f"  # {_value(value)},\n" for value in values[1:])
    if not values:
        columns = ", ".join(seen["columns"])
        lines = f'  {{ column = "WHICH?", unit = "WHICH?", goal = "maximize" }},   # one of: {columns}\n'
    named = [(key, roles[key]) for key in ("smiles", "id") if roles[key]]
    return {
        "title": _quoted(table.name.split(".")[0]),
        "task": _quoted(values[0].task if values else "pIC50"),
        "files": f"[{_quoted(_path_from(folder, table))}]",
        "roles": "".join(f"{key} = {_quoted(name)}\n" for key, name in named),
        "values": lines + others,
    }


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
