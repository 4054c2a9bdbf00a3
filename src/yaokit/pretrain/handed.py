"""Errors for the user that cross from the processes of several devices to the one that began them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from yaokit.core import errors
from yaokit.core.errors import YaokitError
from yaokit.core.store import read_json, write_json


@contextmanager
def handed_back() -> Iterator[Path]:
    """A folder for `handing`; what a process left there is raised in place of how the launch failed."""
    with TemporaryDirectory() as folder:
        place = Path(folder)
        try:
            yield place
        except Exception:
            found = [read_json(path) for path in sorted(place.glob("*.json"))]
            if not found:
                raise
            raise _error(**min(found, key=lambda one: one["name"] == "OSError")) from None


@contextmanager
def handing(place: Path, rank: int) -> Iterator[None]:
    """Leaves an error for the user, or of the disk, where the parent finds it, and raises it."""
    try:
        yield
    except YaokitError as error:
        name = next(base.__name__ for base in type(error).__mro__ if base.__module__ == errors.__name__)
        write_json(place / f"{rank:04}.json", {"name": name, "arguments": [str(error)]})
        raise
    except OSError as error:
        arguments = [error.errno, error.strerror, error.filename and str(error.filename)]
        if isinstance(error.errno, int):
            write_json(place / f"{rank:04}.json", {"name": "OSError", "arguments": arguments})
        raise


def _error(name: str, arguments: list) -> Exception:
    return OSError(*arguments) if name == "OSError" else getattr(errors, name)(*arguments)
