"""`yaokit models`: what there is to learn with."""

from collections.abc import Mapping
from typing import Any

from yaokit.cli.show import Result


def list_() -> Result:
    """The models there are, one a line: name, features it reads (its default first), what it is.

    Any of them can be a member of the stack that `yaokit train` makes, as NAME or
    NAME:FEATURES; all learn numbers and classes, and several tasks at once. With
    --json also each setting and its default.

    For example:
      yaokit models list
      yaokit train clean.parquet --target pIC50 --model boosting:full,svm -o model
    """
    from yaokit.models.listing import models

    found = models()
    facts = [(about["name"], _line(about)) for about in found]
    return Result({"models": found}, facts)


def _line(about: Mapping[str, Any]) -> str:
    if about["missing"]:
        return f"{'–':<17} needs the package {about['missing']}"
    role = f" ({about['role']})" if about["role"] != "member" else ""
    return f"{', '.join(about.get('features', [])) or '–':<17} {about['what']}{role}"
