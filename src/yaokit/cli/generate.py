"""`yaokit generate`."""

from typing import Annotated

from cyclopts import Parameter

from yaokit.cli.options import Count, Hidden, Out, cores
from yaokit.cli.show import Result
from yaokit.core.progress import Progress


def generate(
    prior: Annotated[str, Parameter(name="PRIOR")],
    /,
    *,
    n: Annotated[Count, Parameter(name=["--number", "-n"])],
    out: Out,
    temperature: float = 1.0,
    seed: int = 0,
    unique: bool = False,
    raw: bool = False,
    workers: Count | None = None,
    progress: Annotated[Progress, Hidden],
) -> Result:
    """Draw new molecules from a language model: canonical SMILES, one a line.

    Strings that are no molecule are drawn again, so that OUT has N lines; how many they were is told.
    A language model that has learned too little gives up early: then there are fewer, and it says so.
    The same seed gives the same molecules.

    For example:
      yaokit generate default -n 1000 -o new.smi
      yaokit generate prior -n 10_000 -o new.smi --unique --temperature 0.8 --seed 7

    Parameters
    ----------
    prior
        a folder as `yaokit pretrain --kind causal` writes it, or one of the shipped: default, moses, zinc
    n
        how many molecules
    out
        the .smi file to write
    temperature
        0.001 to 1,000; 1 draws as learned, less gives likelier and less varied molecules, more the opposite
    seed
        of the random numbers
    unique
        no molecule twice
    raw
        N strings as they are drawn, molecules or not, none of them drawn again
    workers
        threads to use; as many as there are cores if not given
    """
    from yaokit.generate.language import Drawing, write_molecules

    how = Drawing(temperature, seed, unique, raw, workers or cores())
    told = write_molecules(prior, n, out, how, progress).summary()
    facts = [
        ("drawn", told["n_drawn"]),
        ("valid", f"{told['n_valid']:,} ({told['validity']:.1%})"),
        ("distinct", f"{told['n_distinct']:,} ({told['uniqueness']:.1%} of the valid)"),
        ("written", told["n_written"]),
        ("molecules", out),
    ]
    notes = []
    if told["n_written"] < n:
        notes = [f"{n:,} were asked for: it gave up after {told['n_drawn']:,} strings"]
    return Result(told, facts, notes)
