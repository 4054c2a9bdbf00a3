import gzip
from pathlib import Path

import pytest

from yaokit.core.errors import UsageError
from yaokit.data.read.library import count_lines, molecules


def test_a_cut_archive_is_refused_by_the_reader_not_by_the_count(tmp_path: Path) -> None:
    path = tmp_path / "library.smi.gz"
    path.write_bytes(gzip.compress(b"".join(b"C%d\n" % i for i in range(90_000)))[:-9_000])
    assert count_lines(path) >= 0
    with pytest.raises(UsageError, match="damaged"):
        list(molecules(path))
