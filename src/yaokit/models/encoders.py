"""What members take from a pre-trained encoder: its embeddings to read, its weights to start from."""

from collections.abc import Mapping, Sequence
from typing import Any

from yaokit.core.errors import UsageError
from yaokit.models.base import EMBEDDED
from yaokit.models.embedded import check_networks
from yaokit.models.labels import kinds_read, make
from yaokit.nn.pretrained import ENCODERS, keep, open_pretrained

STARTS = {"graph": "gnn", "masked": "transformer"}  # kind of encoder → the member that can start from it
READS = "svm:embedded"  # what "auto" adds: out of fold the best of the quick ones that read embeddings


def with_encoder(labels: Sequence[str], source: str | None, *, add: bool = False) -> list[str]:
    """The labels, with the encoder of `--from` where embeddings are read and none is named.

    `add`: one more that reads it. UsageError if there is no such encoder, or no member takes it.
    """
    if source is not None:
        name, kind = _kept(source)
        labels = [*labels, READS] if add else list(labels)
        labels = [f"{label}@{name}" if _is_open(label) else label for label in labels]
        if not any(label.endswith(f"@{name}") or _starts(label, kind) for label in labels):
            raise UsageError(
                f"none of {', '.join(labels)} takes the encoder of --from; add {READS}, another member that "
                f"reads :embedded or :rich, or {STARTS[kind]}, which starts from it"
            )
    check_networks(kinds_read(labels))
    return list(labels)


def start_settings(labels: Sequence[str], source: str | None) -> Mapping[str, dict[str, Any]]:
    """Label → settings of the members whose networks start from the encoder of `--from`."""
    if source is None:
        return {}
    name, kind = _kept(source)
    return {label: {"pretrained": name} for label in labels if _starts(label, kind)}


def _kept(source: str) -> tuple[str, str]:
    """The name of an encoder, and its kind."""
    name = keep(source, ENCODERS)
    return name, open_pretrained(name, ENCODERS).kind


def _is_open(label: str) -> bool:
    """Whether a member reads embeddings and its label does not say whose."""
    member = make(label)
    return member.features in EMBEDDED


def _starts(label: str, kind: str) -> bool:
    return label.partition(":")[0] == STARTS[kind]
