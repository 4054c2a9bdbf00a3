"""`yaokit data`: the catalog of data sets, and what two of them share."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from yaokit.cli.options import Column, Count, Hidden, cores
from yaokit.cli.show import Result
from yaokit.core.progress import Progress

Folder = Annotated[Path, Parameter(name="--data-dir", metavar="DIR")]
Name = Annotated[str, Parameter(name="NAME")]


def list_(word: Annotated[str, Parameter(name="WORD")] = "", /, *, data_dir: Folder | None = None) -> Result:
    """The data sets yaokit knows of, one a line: name, task, rows, where it is, title.

    Embedded ones are read as builtin:NAME wherever a file is asked for, the others as data:NAME
    once fetched. Beside these, chembl/TARGET/TYPE and pubchem/AID can be fetched.

    For example:
      yaokit data list
      yaokit data list tdc

    Parameters
    ----------
    word
        only sets with this in their name or title
    data_dir
        a folder of data sets to look in as well
    """
    from yaokit.data.catalog.listing import sets

    found = [s for s in sets(data_dir) if word.lower() in f"{s['name']} {s['title']}".lower()]
    facts = [(s["name"], f"{s['task']:<15}{_size(s):>10}  {s['where']:<10}  {s['title']}") for s in found]
    notes = [f"no data set has {word!r} in its name or title"] if not found else []
    return Result({"sets": found}, facts, notes)


def show(name: Name, /, *, data_dir: Folder | None = None) -> Result:
    """All that is known of one data set: size, columns, licence, citation, checksum, place.

    For example:
      yaokit data show builtin:chembl2321810
      yaokit data show bace

    Parameters
    ----------
    name
        as `yaokit data list` gives it; its last part is enough if no other has it
    data_dir
        a folder of data sets to look in as well
    """
    from yaokit.data.catalog.listing import described

    about = described(name, data_dir)
    return Result(about, [(key, value) for key, value in about.items() if value not in (None, "")])


def fetch(
    names: Annotated[list[str], Parameter(name="NAME")],
    /,
    *,
    data_dir: Folder | None = None,
    again: bool = False,
    progress: Annotated[Progress, Hidden],
) -> Result:
    """Bring data sets into the cache, to be read as data:NAME wherever a file is asked for.

    A stopped download goes on where it was. YAOKIT_CACHE says where the cache is, YAOKIT_HOST_X
    gives a mirror of host X. Nothing is fetched by any other command.

    For example:
      yaokit data fetch bace
      yaokit data fetch chembl/CHEMBL203/IC50 pubchem/1851
      yaokit data fetch tdc_admet_group/herg --data-dir ~/data

    Parameters
    ----------
    names
        as `yaokit data list` gives them, chembl/TARGET/TYPE or pubchem/AID
    data_dir
        a folder of data sets to copy from instead of the web
    again
        replace what is in the cache
    """
    from yaokit.data.catalog.fetch import fetch as bring

    done = [bring(name, data_dir=data_dir, again=again, progress=progress) for name in names]
    facts = [fact for about in done for fact in _fetched(about)]
    return Result({"fetched": done}, facts)


def leakage(
    train: Annotated[str, Parameter(name="TRAIN")],
    test: Annotated[str, Parameter(name="TEST")],
    /,
    *,
    smiles: Column | None = None,
    workers: Count | None = None,
    progress: Annotated[Progress, Hidden],
) -> Result:
    """What a test set shares with a training set: the same molecules, and how similar the others are.

    Both are standardized first, as for training; rows that cannot be read are counted.

    For example:
      yaokit data leakage train.csv test.csv

    Parameters
    ----------
    train
        a table of molecules
    test
        another one
    smiles
        the column of structures in both; guessed if not given
    workers
        processes to use; as many as there are cores if not given
    """
    from yaokit.data.curation.curate import curate
    from yaokit.data.leakage import leakage as compare

    n = workers or cores()
    tables = [curate([path], smiles=smiles, workers=n, progress=progress) for path in (train, test)]
    about = compare(tables[0].table.smiles, tables[1].table.smiles).summary()
    rejected = [table.summary["n_rejected"] for table in tables]
    about |= {"n_rejected_train": rejected[0], "n_rejected_test": rejected[1]}
    return Result(about, _shared(about), [note for table in tables for note in table.summary["notes"]])


def _size(about: Mapping[str, Any]) -> str:
    return f"{about['rows']:,}" if about["rows"] else ""


def _fetched(about: Mapping[str, Any]) -> Sequence[tuple[str, Any]]:
    checked = {
        "known": "as the catalog has it",
        "recorded": "recorded now: nobody has told what it should be, later ones are compared with it",
        "as recorded": "as recorded when it was fetched",
    }
    return [
        (about["name"], f"{about['bytes']:,} bytes, read it as data:{about['name']}"),
        ("  file", about["path"]),
        ("  sha256", f"{about['sha256']} ({checked[about['checked']]})"),
        ("  licence", about["licence"]),
    ]


def _shared(about: Mapping[str, Any]) -> Sequence[tuple[str, Any]]:
    similarity = about["similarity"]
    steps = zip(similarity["edges"], similarity["edges"][1:], similarity["counts"], strict=False)
    most = max(1, *similarity["counts"])
    left_out = about["n_rejected_train"] + about["n_rejected_test"]
    return [
        ("training", f"{about['n_train']:,} molecules"),
        ("test", f"{about['n_test']:,} molecules"),
        *([("rejected", f"{left_out:,} rows of both")] if left_out else []),
        ("same molecule", about["same_molecule"]),
        ("same but for stereo or tautomer", about["same_connectivity"] - about["same_molecule"]),
        ("similarity to nearest", "test molecules"),
        *((f"  {low:.1f} to {high:.1f}", f"{n:>7,} {'#' * round(40 * n / most)}") for low, high, n in steps),
    ]
