"""`yaokit models`: what there is to learn with."""

from collections.abc import Mapping
from typing import Any

from yaokit.cli.show import Result


def list_() -> Result:
    """The models there are, one a line: name, features it reads (its default first), what it is.

    Any of them can be a member of the stack that `yaokit train` makes, as NAME or
    NAME:FEATURES; all learn numbers and classes, and several tasks at once. With
    --json also each setting and its default. Below them the networks that come
    pre-trained: encoders for `yaokit train --from`, priors for `yaokit generate`.

    For example:
      yaokit models list
      yaokit train clean.parquet --target pIC50 --model boosting:full,svm -o model
    """
    from yaokit.models.listing import models
    from yaokit.nn.pretrained import shipped

    found, cards = models(), shipped()
    lines = [(about["name"], _reads(about), _what(about)) for about in found]
    lines += [(name, card["kind"], _pretrained(card)) for name, card in cards.items()]
    width = max(len(reads) for _, reads, _ in lines)
    facts = [(name, f"{reads:<{width}}  {what}") for name, reads, what in lines]
    return Result({"models": found, "pretrained": [{**card, "name": n} for n, card in cards.items()]}, facts)


def _reads(about: Mapping[str, Any]) -> str:
    return ", ".join(about.get("features", [])) or "–"


def _what(about: Mapping[str, Any]) -> str:
    if about["missing"]:
        return f"needs the package {about['missing']}"
    return about["what"] + (f" ({about['role']})" if about["role"] != "member" else "")


def _pretrained(card: Mapping[str, Any]) -> str:
    role = "prior" if card["kind"] == "causal" else "encoder"
    corpus = card["corpus"]
    return (
        f"pre-trained {role}, {card['parameters'] / 1e6:.1f} million weights, "
        f"{corpus['n']:,} molecules of {corpus['name']}, {card['licence']}"
    )
