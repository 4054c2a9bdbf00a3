import errno

import pytest

from yaokit.core.errors import NothingUsable, UsageError
from yaokit.pretrain.handed import handed_back, handing


class Narrower(UsageError):
    """One that the border does not know."""


def _launched(*failures: BaseException | None) -> None:
    """As a launch of several processes: each fails in its way, what is raised says nothing of it."""
    with handed_back() as place:
        for rank, failure in enumerate(failures):
            try:
                with handing(place, rank):
                    if failure:
                        raise failure
            except Exception:
                pass
        raise RuntimeError("process 0 terminated")


def test_an_error_for_the_user_is_raised_in_place_of_how_the_launch_failed():
    with pytest.raises(NothingUsable, match="no rows"):
        _launched(RuntimeError("connection closed"), NothingUsable("no rows"))
    with pytest.raises(UsageError, match="lower lr"):
        _launched(ConnectionError(errno.EPIPE, "gone"), Narrower("lower lr"))


def test_a_full_disk_is_told_with_its_number():
    with pytest.raises(OSError, match="No space left") as error:
        _launched(None, OSError(errno.ENOSPC, "No space left on device", "/a/b"))
    assert (error.value.errno, error.value.filename) == (errno.ENOSPC, "/a/b")


def test_a_failure_that_no_process_told_stays_what_it_is():
    with pytest.raises(RuntimeError, match="process 0 terminated"):
        _launched(None, ValueError("a defect"))


def test_nothing_is_raised_where_nothing_failed():
    with handed_back() as place, handing(place, 0):
        pass
    assert not place.exists()
