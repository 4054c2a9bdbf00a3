import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from yaokit.core import store
from yaokit.core.errors import UsageError
from yaokit.core.store import (
    content_key,
    file_hash,
    locked,
    publish,
    read_json,
    write_json,
    write_text,
    writing,
)


def test_a_failed_write_leaves_the_old_file_and_no_part(tmp_path):
    path = tmp_path / "a.txt"
    write_text(path, "old")
    with pytest.raises(ZeroDivisionError), writing(path) as part:
        part.write_text(f"half {1 / 0}" if part.write_text("half") else "")
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_json_survives_and_nan_is_refused(tmp_path):
    path = tmp_path / "a.json"
    write_json(path, {"µ": [1, None, 2.5]})
    assert read_json(path) == {"µ": [1, None, 2.5]}
    with pytest.raises(ValueError, match="JSON compliant"):
        write_json(path, {"x": float("nan")})
    assert read_json(path) == {"µ": [1, None, 2.5]}


def test_publishing_replaces_a_folder(tmp_path):
    for content in ("one", "two"):
        part = tmp_path / "step.part"
        part.mkdir()
        (part / "x").write_text(content)
        publish(part, tmp_path / "step")
    assert (tmp_path / "step" / "x").read_text() == "two"
    assert not part.exists()


def test_keys_depend_on_content_not_on_order():
    assert content_key({"a": 1, "b": 2}) == content_key({"b": 2, "a": 1})
    assert content_key({"a": 1}) != content_key({"a": 2})


def test_file_hash_is_sha256(tmp_path):
    path = tmp_path / "x"
    path.write_bytes(b"abc")  # FIPS 180-2, appendix B.1
    assert file_hash(path) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_the_folder_in_which_one_stands_stays_and_a_link_leads_to_what_is_new(tmp_path, monkeypatch):
    here, link = tmp_path / "here", tmp_path / "link"
    (here / "old").mkdir(parents=True)
    (here / "a").write_text("old")
    link.symlink_to(here)
    monkeypatch.chdir(here)
    for final in (Path(), link, here):
        part = tmp_path / "part"
        (part / "new").mkdir(parents=True)
        (part / "a").write_text(str(final))
        publish(part, final)
        assert sorted(os.listdir()) == ["a", "new"]  # of the folder that the process stands in
        assert Path("a").read_text() == str(final)
        assert not part.exists()
    monkeypatch.chdir(tmp_path)
    (tmp_path / "part").mkdir()
    publish(tmp_path / "part", link)
    assert link.is_symlink()
    assert os.listdir(here) == []


def test_a_second_run_in_a_folder_is_told_so(tmp_path):
    code = (
        "import sys; from pathlib import Path; from yaokit.core.store import locked\n"
        "with locked(Path(sys.argv[1])): print('mine', flush=True); input()"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True) as other:
        assert other.stdout
        assert other.stdout.readline() == "mine\n"
        with pytest.raises(UsageError, match="in use by another yaokit run"), locked(tmp_path):
            pass
        other.communicate("\n")
    with locked(tmp_path):
        pass


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize(
    ("given", "umask", "found"), [(0o600, 0o022, 0o644), (0o755, 0o027, 0o755), (0o600, 0o077, 0o600)]
)
def test_a_file_that_its_writer_keeps_to_itself_is_opened_as_a_new_file_is(
    tmp_path, monkeypatch, given, umask, found
):
    monkeypatch.setattr(store, "_UMASK", umask)
    with writing(tmp_path / "a") as part:
        part.touch()
        part.chmod(given)
    assert _mode(tmp_path / "a") == found


def test_a_file_written_whole_has_the_rights_of_any_other(tmp_path):
    write_text(tmp_path / "a", "")
    (tmp_path / "b").touch()
    assert _mode(tmp_path / "a") == _mode(tmp_path / "b")
