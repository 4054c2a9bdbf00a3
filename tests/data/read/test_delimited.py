import gzip

import pytest

from yaokit.core.errors import NothingUsable, UsageError
from yaokit.data.read.delimiter import find_delimiter
from yaokit.data.read.files import read_records


def read(tmp_path, content, name="t.csv"):
    """Columns, (line, cells or code) of each row, and notes of a file with this content."""
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    table = read_records(path)
    rows = [(r.line, r.failure.code if r.failure else list(r.cells.values())) for r in table]
    return list(table.columns), rows, list(table.notes)


@pytest.mark.parametrize("mark", [",", "\t", ";", "|"])
def test_the_header_tells_the_delimiter(tmp_path, mark):
    columns, rows, _ = read(tmp_path, mark.join(["smiles", "id"]) + "\n" + mark.join(["CCO", "a"]))
    assert columns == ["smiles", "id"]
    assert rows == [(2, ["CCO", "a"])]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_encoding_and_line_end(tmp_path, encoding, end):
    text = end.join(["smiles,name,IC50 (µM)", "CCO,Käse,5", "CCN,b,6", ""])
    columns, rows, _ = read(tmp_path, text.encode(encoding))
    assert columns == ["smiles", "name", "IC50 (µM)"]
    assert rows == [(2, ["CCO", "Käse", "5"]), (3, ["CCN", "b", "6"])]


def test_gzip_is_told_by_content(tmp_path):
    content = gzip.compress(b"smiles\nCCO\n", mtime=0)
    assert read(tmp_path, content, "t.csv.gz")[1] == read(tmp_path, content, "t.csv")[1] == [(2, ["CCO"])]


def test_ragged_lines_leave_with_their_numbers(tmp_path):
    _, rows, _ = read(tmp_path, "smiles,id\nCCO,a\nCCN\n\nCCC,c,extra\nCCF,d\n")
    assert rows == [(2, ["CCO", "a"]), (3, "RAGGED"), (5, "RAGGED"), (6, ["CCF", "d"])]


def test_quotes_may_hold_commas_quotes_and_line_ends(tmp_path):
    _, rows, _ = read(tmp_path, 'smiles,name\nCCO,"a, ""b""\nc"\nCCN,5\'-"x"\nCCC,"d" e\n')
    assert rows == [(2, ["CCO", 'a, "b"\nc']), (4, ["CCN", '5\'-"x"']), (5, ["CCC", "d e"])]


def test_a_quote_that_never_closes_costs_one_line(tmp_path):
    body = "".join(f"C{'C' * i},{i}\n" for i in range(200))
    _, rows, _ = read(tmp_path, f'smiles,id\nCCO,"a\n{body}CCN,"b"\nCCF,c\n')
    assert rows[0] == (2, "RAGGED")
    assert len(rows) == 203
    assert rows[-2:] == [(203, ["CCN", "b"]), (204, ["CCF", "c"])]


def test_two_stray_quotes_do_not_swallow_what_is_between(tmp_path):
    _, rows, _ = read(tmp_path, 'smiles,id\nCCO,"a\nCCN,b\nCCC,c"\nCCF,d\n')
    assert [line for line, _ in rows] == [2, 5] or [line for line, _ in rows] == [2, 3, 4, 5]
    assert rows[-1] == (5, ["CCF", "d"])


def test_nul_characters_are_dropped(tmp_path):
    assert read(tmp_path, b"smiles,id\nCC\0O,a\n")[1] == [(2, ["CCO", "a"])]


def test_repeated_and_empty_names_become_unique(tmp_path):
    columns, rows, notes = read(tmp_path, "smiles,x,x,\nCCO,1,2,3\n")
    assert columns == ["smiles", "x", "x_2", "column_4"]
    assert rows == [(2, ["CCO", "1", "2", "3"])]
    assert notes == ["t.csv: column 3 repeats the name 'x', read as 'x_2'"]


def test_a_table_without_header_keeps_its_first_row(tmp_path):
    columns, rows, notes = read(tmp_path, "CCO,5.5\nCCN,6.5\n")
    assert columns == ["column_1", "column_2"]
    assert rows == [(1, ["CCO", "5.5"]), (2, ["CCN", "6.5"])]
    assert "no line of column names" in notes[0]


def test_excels_separator_line_is_no_row(tmp_path):
    assert read(tmp_path, "sep=;\nsmiles;id\nCCO;a\n")[:2] == (["smiles", "id"], [(3, ["CCO", "a"])])


def test_empty_cells_are_none(tmp_path):
    assert read(tmp_path, "smiles,id\n ,\n")[1] == [(2, [None, None])]


@pytest.mark.parametrize("content", [b"", b"\n \n", b"\xef\xbb\xbf"])
def test_an_empty_file_says_so(tmp_path, content):
    with pytest.raises(NothingUsable, match="is empty"):
        read(tmp_path, content)


def test_smi_is_structure_then_name(tmp_path):
    text = "CCO ethanol 95 %\nCCN\n\nCCC |$a$| x\nCCF\tF1\t7.0\n"
    columns, rows, _ = read(tmp_path, text, "t.smi")
    assert columns == ["smiles", "id"]
    assert rows == [
        *((1, ["CCO", "ethanol 95 %"]), (2, ["CCN", None]), (4, ["CCC |$a$|", "x"]), (5, ["CCF", "F1"]))
    ]


@pytest.mark.parametrize("text", ["smiles name\nCCO a\n", "SMILES\tname\nCCO\ta\n", "CCO,a\nCCN,b\n"])
def test_smi_and_txt_may_be_tables(tmp_path, text):
    assert read(tmp_path, text, "t.txt")[1][0][1] == ["CCO", "a"]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("t.csv", b"PK\x03\x04rest", "zip archive or Excel"),
        ("t.csv", b"<!DOCTYPE html><html>", "web page"),
        ("t.csv", b"%PDF-1.7", "PDF"),
        ("t.csv", bytes(range(256)) * 8, "not a text file"),
        ("t.csv", b"\x1f\x8b\x08\0", "damaged"),
        ("t.sdf", b"x", "is no SDF"),
        ("t.doc", b"x", "use one of .csv"),
        ("t.parquet", b"x" * 50, "not a whole Parquet"),
        ("t.xlsx", b"x" * 50, "not an Excel workbook"),
    ],
)
def test_a_foreign_file_is_named_for_what_it_is(tmp_path, name, content, message):
    with pytest.raises(UsageError, match=message):
        read(tmp_path, content, name)


def test_missing_files_and_folders(tmp_path):
    with pytest.raises(UsageError, match="no such file"):
        read_records(tmp_path / "nope.csv")
    with pytest.raises(UsageError, match="is a folder"):
        read_records(tmp_path)


def test_a_cut_gzip_says_after_which_line(tmp_path):
    text = "smiles,id\n" + "".join(f"CC{'O' * (i % 7)},{i * 7919 % 10007}\n" for i in range(50_000))
    with pytest.raises(UsageError, match=r"damaged after line [\d,]+"):
        read(tmp_path, gzip.compress(text.encode())[:-20_000], "t.csv.gz")


@pytest.mark.parametrize(
    ("lines", "delimiter"),
    [
        (["smiles\tIC50 (nM), mean, n=3\tname", "CCO\t5\ta, b", "CCN\t6\tc"], "\t"),
        (["smiles;IC50, nM;x", "CCO;5,1;3,2", "CCN;6,0;1,5"], ";"),
        (['smiles,"a;b;c;d"', 'CCO,"1;2;3;4"'], ","),
        (["smiles|name", "CCO|a,b,c"], "|"),
        (["smiles  id   x", "CCO  a  1", "CCN b        2"], " "),
        (["smiles", "CCO", "CCN"], ","),
        (["smiles name", "CCO acetic acid", "CCN b"], ","),  # words, but not columns
        (["smiles,id", "CCO", "CCN", "CCC"], ","),  # ragged throughout
    ],
)
def test_the_delimiter_is_the_one_that_makes_columns(lines, delimiter):
    assert find_delimiter(lines) == delimiter


def test_a_decimal_comma_named_is_no_delimiter():
    lines = ["smiles 5,0 6,5", "CCO 1,5 2,5", "CCN 2,5 3,5"]
    assert find_delimiter(lines) == ","
    assert find_delimiter(lines, decimal=",") == " "


def test_empty_cells_beyond_the_last_column_are_nothing(tmp_path):
    _, rows, _ = read(tmp_path, "smiles,id\nCCO,a,,\nCCN,b, ,x\n")
    assert rows == [(2, ["CCO", "a"]), (3, "RAGGED")]


def test_blank_lines_inside_quotes_stay(tmp_path):
    _, rows, _ = read(tmp_path, 'id,mol\n\na,"x\n\n\ny"\nb,z\n')
    assert rows == [(3, ["a", "x\n\n\ny"]), (7, ["b", "z"])]


def test_a_cell_may_be_long(tmp_path):
    _, rows, _ = read(tmp_path, f'smiles,note\nCCO,"{"x, " * 100_000}"\nCCN,b\n')
    assert len(rows[0][1][1]) == 299_999
    assert rows[1] == (3, ["CCN", "b"])


def test_a_blank_that_is_not_ascii_separates_nothing(tmp_path):
    _, rows, _ = read(tmp_path, "CCO\u00a0x ethanol\nCCN\u3000b\n", "t.smi")
    assert rows == [(1, ["CCO\u00a0x", "ethanol"]), (2, ["CCN\u3000b", None])]


def test_further_tab_columns_of_a_list_are_kept(tmp_path):
    columns, rows, _ = read(tmp_path, "CCO\ta\t7.1\nCCN\tb\t\n", "t.smi")
    assert columns == ["column_1", "column_2", "column_3"]
    assert rows == [(1, ["CCO", "a", "7.1"]), (2, ["CCN", "b", None])]


@pytest.mark.parametrize("first", ["CC(C bad", "CC(C\tbad", "structure name"])
def test_a_bad_first_line_of_a_list_is_a_row(tmp_path, first):
    columns, rows, _ = read(tmp_path, f"{first}\nCCO\ta\nCCN\tb\nCCC\tc\n", "t.smi")
    assert columns == ["smiles", "id"]
    assert len(rows) == 4


def test_names_may_stand_before_structures(tmp_path):
    columns, rows, _ = read(tmp_path, "aspirin CC(=O)Oc1ccccc1C(=O)O\nethylamine CCN\n", "t.txt")
    assert columns == ["column_1", "column_2"]
    assert rows[1] == (2, ["ethylamine", "CCN"])


def test_a_title_over_a_list_with_names_of_words_is_no_row(tmp_path):
    _, rows, _ = read(tmp_path, "SMILES Name\nCCO acetic acid\nCCN b\n", "t.smi")
    assert rows == [(2, ["CCO", "acetic acid"]), (3, ["CCN", "b"])]
