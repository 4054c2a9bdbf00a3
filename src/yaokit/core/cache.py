"""Where yaokit keeps what can be fetched or computed again."""

import os
import sys
from pathlib import Path


def cache_folder() -> Path:
    """YAOKIT_CACHE if set, otherwise the folder "yaokit" in the platform's place for caches."""
    if given := os.environ.get("YAOKIT_CACHE"):
        return Path(given).expanduser()
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "yaokit"
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA")
        return (Path(base) if base else Path.home() / "AppData" / "Local") / "yaokit" / "cache"
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "yaokit"
