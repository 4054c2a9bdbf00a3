"""What corpus.json holds, as far as it is read again."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

_Number = Annotated[int, Field(ge=0)]
_Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True)  # what else stands there is not read


class Counts(_Table):
    """What became of lines."""

    n_in: _Number
    n_kept: _Number
    n_duplicates: _Number
    n_held_out: _Number
    n_not_sampled: _Number
    n_rejected: _Number


class SourceEntry(Counts):
    """A file of molecules, and how it was taken."""

    name: str
    sha256: str  # of several files: a key of 16 digits
    bytes: _Number | None = None  # corpora made before do not say it
    licence: str
    smiles: str | None
    rows: int | None
    as_is: bool
    codes: dict[str, _Number]


class ShardEntry(_Table):
    """A shard, as it was written."""

    file: Annotated[str, Field(pattern=r"^shard-[0-9]+\.parquet$")]
    rows: _Number
    bytes: _Number
    sha256: _Hash


class ExcludedEntry(_Table):
    """A file of molecules that stay out."""

    name: str
    sha256: _Hash
    n_in: _Number | None = None  # corpora made before do not say it
    n_failed: _Number | None = None  # lines of which nothing can be held out


class Contents(_Table):
    """The whole."""

    format: int
    name: str
    key: str
    seed: int
    standardizer: dict[str, Any]
    excluded: list[ExcludedEntry]
    n: Annotated[int, Field(ge=1)]
    counts: Counts
    n_unknown_tokens: _Number
    sources: Annotated[list[SourceEntry], Field(min_length=1)]
    shards: Annotated[list[ShardEntry], Field(min_length=1)]


def fault(about: object) -> str | None:
    """The first thing that is not as it is written; None if all is."""
    try:
        found = Contents.model_validate(about)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        return f"{where}: {first['msg']}" if where else "it is no table"
    n = sum(shard.rows for shard in found.shards)
    return None if n == found.n else f"n is {found.n:,}, but the shards have {n:,} rows"
