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
    facts = [(about["name"], _line(about)) for about in found]
    facts += [(name, _pretrained(card)) for name, card in cards.items()]
    return Result({"models": found, "pretrained": [{**card, "name": n} for n, card in cards.items()]}, facts)


def _line(about: Mapping[str, Any]) -> str:
    if about["missing"]:
        return f"{'–':<17} needs the package {about['missing']}"
    role = f" ({about['role']})" if about["role"] != "member" else ""
    return f"{', '.join(about.get('features', [])) or '–':<17} {about['what']}{role}"


def _pretrained(card: Mapping[str, Any]) -> str:
    role = "prior" if card["kind"] == "causal" else "encoder"
    corpus = card["corpus"]
    return (
        f"{card['kind']:<17} pre-trained {role}, {card['parameters'] / 1e6:.1f} million weights, "
        f"{corpus['n']:,} molecules of {corpus['name']}, {card['licence']}"
    )
