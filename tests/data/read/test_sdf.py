import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rdkit import Chem

from yaokit.chem.parse import parse
from yaokit.core.errors import NothingUsable, UsageError
from yaokit.core.reasons import Failure
from yaokit.data.read.columns import roles
from yaokit.data.read.files import read_records
from yaokit.data.read.library import count_lines, molecules


def block(smiles, title="", *, v3000=False):
    """A mol block by RDKit, up to M  END."""
    mol = Chem.MolFromSmiles(smiles)
    mol.SetProp("_Name", title)
    return Chem.MolToMolBlock(mol, forceV3000=v3000).rstrip("\n")


def record(smiles, title="", **fields):
    """An SDF record with its $$$$."""
    items = "".join(f">  <{tag}>\n{value}\n\n" for tag, value in fields.items())
    return f"{block(smiles, title)}\n{items}$$$$\n"


def read(tmp_path, content, name="t.sdf"):
    """The columns, rows (line, SMILES or code, other cells) and notes."""
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    table = read_records(path)
    rows = [(r.line, outcome(r), [v for k, v in r.cells.items() if k != "structure"]) for r in table]
    return list(table.columns), rows, list(table.notes)


def outcome(record):
    if record.failure:
        return record.failure.code
    mol = parse(record.cells["structure"])
    return mol.code if isinstance(mol, Failure) else Chem.MolToSmiles(mol)


def test_records_are_structure_title_and_fields(tmp_path):
    columns, rows, notes = read(tmp_path, record("CCO", "a", x="1", y="2") + record("CCN", "b", y="3", z="4"))
    assert columns == ["structure", "id", "x", "y", "z"]
    assert rows == [(1, "CCO", ["a", "1", "2", None]), (18, "CCN", ["b", None, "3", "4"])]
    assert notes == []


def test_the_mol_block_keeps_its_lines(tmp_path):
    (tmp_path / "t.sdf").write_text(record("C[C@H](F)Cl", "", x="1"))
    [row] = read_records(tmp_path / "t.sdf")
    assert row.cells["structure"] == block("C[C@H](F)Cl")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-16"])
def test_any_line_end_and_encoding(tmp_path, end, encoding):
    text = (record("CCO", "a", Größe="5 µM ± é") + record("CCN", "b")).replace("\n", end)
    columns, rows, _ = read(tmp_path, text.encode(encoding))
    assert columns == ["structure", "id", "Größe"]
    assert [row[1:] for row in rows] == [("CCO", ["a", "5 µM ± é"]), ("CCN", ["b", None])]


def test_v3000_stands_among_v2000(tmp_path):
    text = record("CCO") + block("CCS", v3000=True) + "\n> <x>\n1\n\n$$$$\n" + record("CCN")
    assert [row[1] for row in read(tmp_path, text)[1]] == ["CCO", "CCS", "CCN"]


def test_fields_of_many_lines_signs_and_odd_names(tmp_path):
    items = (
        "> 25 <IC50 [nM] (n=3) ± <SD>> (MOL-1)\n> 10000\n\n"  # a relation, not a field
        ">  <note>\nline 1\nline 2\n\nline 4\n\n"
        "> <>\nnameless\n\n> <empty>\n\n> <note>\nagain\n\n"
    )
    columns, rows, notes = read(tmp_path, f"{block('CCO', 'a')}\n{items}$$$$\n" + record("CCN", "b"))
    assert columns == ["structure", "id", "IC50 [nM] (n=3) ± <SD>", "note", "column_5", "empty", "note_2"]
    assert rows[0][2] == ["a", "> 10000", "line 1\nline 2\n\nline 4", "nameless", None, "again"]
    assert rows[1][2] == ["b", None, None, None, None, None]
    assert "repeats the name 'note'" in notes[0]


def test_fields_called_like_our_columns_get_a_number(tmp_path):
    columns, rows, _ = read(tmp_path, record("CCO", "a", id="i", structure="s", id_2="j"))
    assert columns == ["structure", "id", "id_3", "structure_2", "id_2"]
    assert rows[0][2] == ["a", "i", "s", "j"]


def test_a_blank_title_gives_way_to_a_field_that_names(tmp_path):
    text = record("CCO", "", price="5", Catalog_ID="Z1") + record("CCN", "own", Catalog_ID="Z2")
    assert [row[2][0] for row in read(tmp_path, text)[1]] == ["Z1", "own"]


def test_a_record_without_end_costs_only_itself(tmp_path):
    broken = record("CCO", "a", x="1").replace("M  END\n", "")
    rows = read(tmp_path, record("CCC") + broken + record("CCN", "b", x="2"))[1]
    assert [row[1] for row in rows] == ["CCC", "SYNTAX", "CCN"]
    assert rows[1][2] == ["a", "1"]


def test_lost_record_ends_do_not_join_records(tmp_path):
    text = record("CCO", "a", x="1").replace("$$$$\n", "") + block("CCN", "b") + "\n" + block("CCS", "c")
    _, rows, notes = read(tmp_path, text + "\n$$$$\n")
    assert [(row[1], row[2]) for row in rows] == [
        ("CCO", ["a", "1"]),
        ("CCN", ["b", None]),
        ("CCS", ["c", None]),
    ]
    assert "lines of $$$$ are missing" in notes[0]


def test_a_block_cut_in_the_middle_does_not_swallow_the_next(tmp_path):
    cut = "\n".join(block("CCCCCCCO", "a").split("\n")[:7]) + "\n"
    rows = read(tmp_path, cut + record("CCN", "b"))[1]
    assert [row[:2] for row in rows] == [(1, "SYNTAX"), (8, "CCN")]


def test_a_mol_block_in_a_field_is_no_record(tmp_path):
    text = record("CCO", "a", reactant=block("CCS", "inner"), x="1") + record("CCN", "b")
    rows = read(tmp_path, text)[1]
    assert [row[1] for row in rows] == ["CCO", "CCN"]
    assert rows[0][2] == ["a", block("CCS", "inner"), "1"]


def test_blank_lines_above_a_title_do_not_shift_the_block(tmp_path):
    rows = read(tmp_path, "\n\n" + record("CCO", "a") + "\n" + record("CCN", "b"))[1]
    assert [(row[0], row[1], row[2]) for row in rows] == [(3, "CCO", ["a"]), (15, "CCN", ["b"])]


def test_empty_records_are_counted(tmp_path):
    text = "$$$$\n" + record("CCO") + "$$$$\n\n$$$$\n" + record("CCN")
    assert [row[1] for row in read(tmp_path, text)[1]] == ["EMPTY", "CCO", "EMPTY", "EMPTY", "CCN"]


def test_a_record_of_fields_alone_has_no_structure(tmp_path):
    rows = read(tmp_path, record("CCO", "a", x="1") + "> <x>\n2\n\n$$$$\n")[1]
    assert rows[1][1:] == ("EMPTY", [None, "2"])


@pytest.mark.parametrize("n_cut", range(1, 60))
def test_a_cut_tail_is_whole_or_truncated_never_changed(tmp_path, n_cut):
    text = record("CCO", "a", x="11") + record("CCN", "b", x="22")
    rows = read(tmp_path, text[:-n_cut])[1]
    assert rows[0][1:] == ("CCO", ["a", "11"])
    assert rows[1][1] == "TRUNCATED" or rows[1][1:] == ("CCN", ["b", "22"])


def test_a_mol_file_is_one_row(tmp_path):
    assert read(tmp_path, block("CCO", "a"), "t.mol")[1] == [(1, "CCO", ["a"])]


@pytest.mark.parametrize("name", ["t.csv", "t.txt", "t.smi"])
def test_an_sdf_is_told_by_its_content(tmp_path, name):
    assert [row[1] for row in read(tmp_path, record("CCO") + record("CCN"), name)[1]] == ["CCO", "CCN"]


def test_a_table_called_sdf_is_read_as_a_table(tmp_path):
    (tmp_path / "t.sdf").write_text("smiles,id\nCCO,a\n")
    assert read_records(tmp_path / "t.sdf").columns == ("smiles", "id")


def test_a_table_with_mol_blocks_in_its_cells_is_a_table(tmp_path):
    (tmp_path / "t.csv").write_text(f'id,mol\na,"{block("CCO", "x")}"\nb,"{block("CCN")}"\n')
    table = read_records(tmp_path / "t.csv")
    rows = list(table)
    assert [row.cells["mol"] for row in rows] == [block("CCO", "x"), block("CCN").strip()]
    assert roles(table, rows).smiles == "mol"


def test_what_is_no_sdf_is_refused(tmp_path):
    with pytest.raises(UsageError, match="is no SDF"):
        read(tmp_path, "Dear colleague,\nplease find attached\n")
    with pytest.raises(NothingUsable, match="is empty"):
        read(tmp_path, " \n\n")


def test_the_structure_column_needs_no_guess(tmp_path):
    (tmp_path / "t.sdf").write_text(record("CCO", "a", SMILES="c1ccccc1", IC50="5"))
    table = read_records(tmp_path / "t.sdf")
    found = roles(table, list(table))
    assert (found.smiles, found.id) == ("structure", "id")
    assert found.values == (("IC50", "none", None, None),)


def test_an_sdf_can_be_a_library(tmp_path):
    path = tmp_path / "lib.sdf"
    path.write_text(record("CCO", "a", x="1") + "$$$$\n" + record("CCN"))
    found = list(molecules(path))
    assert [molecule[:2] for molecule in found] == [(1, "a"), (15, "lib:15"), (16, "lib:16")]
    assert [molecule[2] for molecule in found] == [block("CCO", "a"), "", block("CCN")]
    assert count_lines(path) == 3


WHOLE = [record("CCO", "a", x="1"), record("c1ccccc1N", "b", y="2"), record("C[N+](C)(C)C", "c")]


@st.composite
def damaged(draw):
    """Records with lines removed, doubled or replaced, but for the lines of $$$$."""
    lines = "".join(draw(st.lists(st.sampled_from(WHOLE), min_size=1, max_size=5))).split("\n")[:-1]
    for _ in range(draw(st.integers(0, 6))):
        i = draw(st.integers(0, len(lines) - 1))
        if lines[i] != "$$$$":
            lines[i : i + 1] = draw(
                st.sampled_from([[], [lines[i]] * 2, [""], ["> <z>"], ["> 5"], ["M  END"], ["\xff", "$$$"]])
            )
    return "\n".join(lines) + "\n"


@given(damaged())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_random_damage_loses_no_record(tmp_path, text):
    path = tmp_path / "t.sdf"
    path.write_bytes(text.encode("latin-1"))
    rows = list(read_records(path))
    n_ends = text.count("$$$$")
    n_blocks = sum(line.rstrip().endswith("V2000") for line in text.split("\n"))
    assert n_ends <= len(rows) <= max(n_ends, n_blocks) + n_ends
    numbers = [row.line for row in rows]
    assert numbers == sorted(set(numbers))
    lines = text.split("\n")
    for row in rows:
        if row.cells.get("structure"):
            assert row.cells["structure"].split("\n")[0] == lines[row.line - 1]


def test_a_field_called_id_names_molecules_without_a_title(tmp_path):
    block = "\n  x\n\n  1  0  0  0  0  0  0  0  0  0999 V2000\n    0.0 0.0 0.0 C   0  0\nM  END\n"
    path = tmp_path / "a.sdf"
    path.write_text(f"{block}>  <id>\nZ0\n\n$$$$\n")
    assert [record.cells["id"] for record in read_records(path)] == ["Z0"]
