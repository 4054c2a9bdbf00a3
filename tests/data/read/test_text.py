import gzip

import pyarrow as pa
import pytest

from yaokit.core.errors import UsageError
from yaokit.data.read.encodings import legacy_encoding
from yaokit.data.read.records import Reading
from yaokit.data.read.text import MAX_LINE, open_text

GERMAN = "Käse größer als Äpfel, 5 µM ± 0.3 °C; é à ñ ü ß"
CHINESE = "化合物名称,结构,活性(纳摩尔)±误差\n阿司匹林,嘧啶衍生物,吡啶"


def lines(tmp_path, content, encoding=None):
    path = tmp_path / "t.csv"
    path.write_bytes(content)
    text = open_text(path, encoding)
    return list(text.lines()), text.notes


@pytest.mark.parametrize("text", [GERMAN, "IC50 (µM)", "naïve", "25 °C ± 1", "größe", "ÄÖÜ ÅÄ"])
def test_western_letters_are_not_taken_for_chinese(text):
    assert legacy_encoding(text.encode("cp1252")) == "cp1252"


@pytest.mark.parametrize("text", [CHINESE, "化合物", "IC50 (μM)", "±", "浓度 5 μM ± 0.3", "阿司匹林"])
def test_chinese_is_not_taken_for_western_letters(text):
    assert legacy_encoding(text.encode("gb18030")) == "gb18030"


@pytest.mark.parametrize(
    ("encoding", "text", "note"),
    [
        ("utf-8", CHINESE, None),
        ("utf-8-sig", CHINESE, None),
        ("utf-16", CHINESE, "UTF-16"),
        ("utf-16-le", "smiles,name\n" + GERMAN, "UTF-16-LE"),
        ("utf-16-be", "smiles,name\n" + GERMAN, "UTF-16-BE"),
        ("utf-32", GERMAN, "UTF-32"),
        ("cp1252", GERMAN, "Windows-1252"),
        ("gb18030", CHINESE, "GB18030"),
    ],
)
def test_the_encoding_is_told_by_content_and_noted(tmp_path, encoding, text, note):
    found, notes = lines(tmp_path, text.encode(encoding))
    assert found == text.split("\n")
    assert [note in line for line in notes] == ([True] if note else [])


def test_short_chinese_lines_that_could_be_utf8_stay_chinese(tmp_path):
    text = "名称\n" + "联通\n" * 3 + CHINESE  # the bytes of the second word are valid UTF-8
    assert lines(tmp_path, text.encode("gb18030"))[0] == text.split("\n")


def test_lines_of_two_encodings_are_each_read_as_theirs(tmp_path):
    content = b"smiles\n" + "Käse\n".encode() + "Käse\n".encode("cp1252") + b"\x81\n"
    assert lines(tmp_path, content)[0] == ["smiles", "Käse", "Käse", "\x81"]


def test_letters_after_a_long_ascii_start_are_read_too(tmp_path):
    found, notes = lines(tmp_path, b"CCO\n" * 100_000 + "Käse".encode("cp1252"))
    assert found[-1] == "Käse"
    assert len(notes) == 1


def test_a_named_encoding_wins_and_its_damage_is_noted(tmp_path):
    assert lines(tmp_path, "Привет".encode("cp1251"), "cp1251") == (["Привет"], [])
    found, notes = lines(tmp_path, b"na\xefve", "utf-8")
    assert found == ["na\ufffdve"]
    assert "not valid utf-8" in notes[0]


def test_unknown_encodings_and_delimiters_list_the_usual_ones():
    for wrong in ("latin-99", "zlib", "hex"):
        with pytest.raises(UsageError, match="usual ones are: utf-8, utf-16"):
            Reading(encoding=wrong)
    with pytest.raises(UsageError, match="comma, tab, semicolon, bar, blank"):
        Reading(delimiter="ab")
    with pytest.raises(UsageError, match="decimal"):
        Reading(decimal=";")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "gb18030"])
def test_mixed_line_ends_become_one_kind(tmp_path, encoding):
    found, _ = lines(tmp_path, "化合物\r\nb\rc\n\r\n\nd\r".encode(encoding))
    assert found == ["化合物", "b", "c", "", "", "d"]


def test_line_ends_on_the_borders_of_chunks_are_not_doubled(tmp_path):
    for shift in range(3):
        content = b"x" * shift + b"ab\r\n" * 200_000
        found, _ = lines(tmp_path, content)
        assert len(found) == 200_000
        assert set(found[1:]) == {"ab"}


def test_marks_that_nobody_sees_go(tmp_path):
    content = b"\xef\xbb\xbfa\n\xef\xbb\xbfb\nc\0d\n\x1a"
    assert lines(tmp_path, content) == (["a", "b", "cd"], ["t.csv: NUL characters are left out"])


@pytest.mark.parametrize("pack", [gzip.compress, lambda c: pa.compress(c, codec="zstd", asbytes=True)])
def test_a_cut_archive_is_read_up_to_the_cut(tmp_path, pack):
    path = tmp_path / "t.csv"
    path.write_bytes(pack(b"".join(b"%d,%d\n" % (i, i * 7919 % 10_007) for i in range(200_000)))[:-5_000])
    read: list[str] = []
    with pytest.raises(UsageError, match=r"damaged after line [\d,]+ ") as error:
        read.extend(open_text(path).lines())
    assert f"line {len(read):,} " in str(error.value)
    assert read == [f"{i},{i * 7919 % 10_007}" for i in range(len(read))]


@pytest.mark.parametrize("what", [b"x", b"\n"])
def test_endless_text_is_refused_in_little_memory(tmp_path, what):
    content = gzip.compress(b"smiles\n" + what * (MAX_LINE + 600_000))
    with pytest.raises(UsageError, match="more than 10 million characters"):
        lines(tmp_path, content)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"  \n<html>", "web page"),
        (b'<?xml version="1.0"?>', "XML"),
        (b'{"smiles": "C"}', "JSON"),
        (b'[{"smiles": "C"}]', "JSON"),
        (b"$RXN\n", "reaction"),
        (b"@<TRIPOS>MOLECULE\n", "Mol2"),
        (b"\xd0\xcf\x11\xe0", "old or encrypted Excel"),
        (gzip.compress(gzip.compress(b"CCO", mtime=0), mtime=0), "compressed twice"),
        (b"t.csv".ljust(257, b"\0") + b"ustar", "tar archive"),
    ],
)
def test_what_is_no_table_is_named(tmp_path, content, what):
    with pytest.raises(UsageError, match=what):
        lines(tmp_path, content)


def test_a_structure_with_brackets_first_is_no_json(tmp_path):
    assert lines(tmp_path, b"[Na+].[Cl-]\n[2H]C\n")[0] == ["[Na+].[Cl-]", "[2H]C"]
