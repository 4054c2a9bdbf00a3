"""Every molecule found by screening and design, with its properties, alerts and neighbors."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
from pydantic import Field
from rdkit import Chem

from yaokit.campaign.step import Inputs, Settings, Step, one_of
from yaokit.chem.descriptors import ligand_efficiency, lipophilic_efficiency, properties
from yaokit.chem.filters import DEFAULT_CATALOGS, alerts, catalog_names, rules
from yaokit.chem.parse import quiet_rdkit
from yaokit.chem.scaffold import scaffold
from yaokit.core.errors import NothingUsable
from yaokit.core.guard import Pool
from yaokit.core.reasons import Failure
from yaokit.core.store import writing
from yaokit.core.table import MolTable
from yaokit.models import load
from yaokit.models.trusted import Trusted
from yaokit.report.run import StepFolder
from yaokit.screen.shard import columns_of

SHOWN = (
    "mw",
    "clogp",
    "tpsa",
    "hbd",
    "hba",
    "rotatable_bonds",
    "aromatic_rings",
    "heavy_atoms",
    "fsp3",
    "formal_charge",
    "n_unspecified_stereo",
    "qed",
    "sa_score",
)
NEAR = 0.9  # Tanimoto similarity from which a molecule counts as a near duplicate
NEIGHBORS = 3
NOT_COMPUTED = "not computed"
_BATCH = 64


class ProfileSettings(Settings):
    designs: int = Field(default=1_000, ge=1)  # the best so many of each design step
    alerts: tuple[Annotated[str, one_of(catalog_names)], ...] = DEFAULT_CATALOGS


@dataclass(frozen=True)
class _Describe:
    """SMILES → the properties of one molecule."""

    catalogs: tuple[str, ...]

    def __call__(self, smiles: str) -> dict[str, Any]:
        mol = Chem.MolFromSmiles(smiles)
        with quiet_rdkit():
            found = properties(mol) | properties(mol, ("n_unspecified_stereo", "qed", "sa_score"))
            flags = alerts(mol, self.catalogs)
            shown = {name: found[name] for name in SHOWN}
            return {
                **shown,
                "n_alerts": len(flags),
                "alerts": "; ".join(flags),
                **rules(found),
                "scaffold": scaffold(mol),
            }


def _run(out: Path, inputs: Inputs, settings: ProfileSettings) -> dict[str, Any]:
    source = inputs.one("curate")
    measured = MolTable.read(source.path / "table")
    designed = [_designs(design) for design in inputs.of("design")]
    found = [*_hits(inputs.of("screen")), *chain.from_iterable(d[: settings.designs] for d in designed)]
    rows, dropped = _distinct(found, set(measured.smiles))
    if below := sum(len(d[settings.designs :]) for d in designed):
        dropped["BELOW_TOP"] = below
    described = _described([row["smiles"] for row in rows], settings.alerts, inputs)
    failed = [i for i, d in enumerate(described) if isinstance(d, Failure)]
    for i in failed:
        dropped[described[i].code] = dropped.get(described[i].code, 0) + 1
    rows = [row for i, row in enumerate(rows) if i not in set(failed)]
    if not rows:
        raise NothingUsable("screening and design found no new molecule that could be described")
    pool = _with_predictions(rows, load(inputs.one("train").path / "model"), measured)  # type: ignore[arg-type]
    pool = _with_properties(pool, [d for d in described if not isinstance(d, Failure)], source)
    with writing(out / "pool.parquet") as part:
        pq.write_table(pool, part)
    notes = ["learned ADMET panel and synthesis routes: not computed in this version"]
    counts = {"n_in": len(found) + below, "n_out": len(pool), "dropped": dropped, "notes": notes}
    return {**counts, "catalogs": list(settings.alerts)}


def _hits(screens: Sequence[StepFolder]) -> list[dict[str, str]]:
    found = []
    for screen in screens:
        if (screen.path / "hits.parquet").exists():
            hits = pq.read_table(screen.path / "hits.parquet", columns=["id", "smiles"])
            found += [{**row, "source": screen.name} for row in hits.to_pylist()]
    return found


def _designs(design: StepFolder) -> list[dict[str, str]]:
    """The designed molecules, best first."""
    options = pacsv.ConvertOptions(
        include_columns=["id", "smiles"], column_types={"id": pa.string(), "smiles": pa.string()}
    )
    table = pacsv.read_csv(design.path / "designs.csv", convert_options=options)
    return [{**row, "source": design.name} for row in table.to_pylist()]


def _distinct(
    found: Sequence[dict[str, str]], measured: set[str]
) -> tuple[list[dict[str, str]], dict[str, int]]:
    """Each unmeasured molecule once, under the first source that has it."""
    seen: set[str] = set()
    rows, n_measured, n_same = [], 0, 0
    for row in found:
        if row["smiles"] in measured:
            n_measured += 1
        elif row["smiles"] in seen:
            n_same += 1
        else:
            seen.add(row["smiles"])
            rows.append(row)
    counts = {"MEASURED": n_measured, "DUPLICATE": n_same}
    return rows, {code: n for code, n in counts.items() if n}


def _described(smiles: Sequence[str], catalogs: tuple[str, ...], inputs: Inputs) -> list[Any]:
    batches = [smiles[i : i + _BATCH] for i in range(0, len(smiles), _BATCH)]
    with Pool(_Describe(catalogs), workers=inputs.workers) as pool:
        results = chain.from_iterable(pool.map(batches))
        return list(inputs.progress.track(results, "properties and alerts", len(smiles)))


def _with_predictions(rows: Sequence[dict[str, str]], model: Trusted, measured: MolTable) -> pa.Table:
    smiles = [row["smiles"] for row in rows]
    mols = [Chem.MolFromSmiles(text) for text in smiles]
    columns = {k: _rounded(v) for k, v in columns_of(model.predict_mols(mols)).items()}
    near, closest = model.neighbors(mols, NEIGHBORS, model.tasks[0]), model.neighbors(mols, 1)
    flat = {_without_stereo(text): id_ for text, id_ in zip(measured.smiles, measured.ids, strict=True)}
    twins = [
        flat.get(_without_stereo(text)) or (ids[0] if similarity[0] >= NEAR else None)
        for text, ids, similarity in zip(smiles, closest.ids, closest.similarity, strict=True)
    ]
    return pa.table(
        {
            **{k: pa.array([row[k] for row in rows], pa.string()) for k in ("id", "smiles", "source")},
            **columns,
            "nearest_ids": near.ids,
            "nearest_similarities": pa.array(np.round(near.similarity, 4).tolist()),
            "nearest_values": pa.array(_nullable(near.values[:, :, 0])),
            "near_duplicate_of": pa.array(twins, pa.string()),
        }
    )


def _with_properties(pool: pa.Table, described: Sequence[dict[str, Any]], source: StepFolder) -> pa.Table:
    for name in described[0]:
        pool = pool.append_column(name, pa.array([_short(d[name]) for d in described]))
    task = source.summary["tasks"][0]
    if task["unit"] == "p":
        p = pool[f"{task['name']}_pred"].to_numpy()
        heavy, clogp = (pool[k].to_numpy() for k in ("heavy_atoms", "clogp"))
        pool = pool.append_column("le", pa.array(np.round(ligand_efficiency(p, heavy), 4)))
        pool = pool.append_column("lle", pa.array(np.round(lipophilic_efficiency(p, clogp), 4)))
    for name in ("admet", "route"):
        pool = pool.append_column(name, pa.array([NOT_COMPUTED] * len(pool)))
    return pool


def _without_stereo(smiles: str) -> str:
    return Chem.MolToSmiles(Chem.MolFromSmiles(smiles), isomericSmiles=False)


def _rounded(values: np.ndarray) -> np.ndarray:
    return np.round(values, 4) if values.dtype.kind == "f" else values


def _short(value: Any) -> Any:
    return round(value, 4) if isinstance(value, float) else value


def _nullable(values: np.ndarray) -> list[list[float | None]]:
    return [[None if np.isnan(v) else round(float(v), 4) for v in row] for row in values]


PROFILE = Step("profile", _run, ProfileSettings, after=("curate", "train", "screen", "design"))
