import time

import pytest

from yaokit.core.errors import NothingUsable, UsageError
from yaokit.data.catalog.builtin import builtin, builtins, open_path, source_files
from yaokit.data.read.library import count_lines, molecules


def write(tmp_path, text, name):
    path = tmp_path / name
    path.write_text(text)
    return path


def test_smi_lines_have_ids(tmp_path):
    path = write(tmp_path, "CCO ethanol\nCCN\n\nCCC\tpropane\tx\n", "my.lib.smi")
    assert [m[:3] for m in molecules(path)] == [
        (1, "ethanol", "CCO"),
        (2, "my:2", "CCN"),
        (4, "propane", "CCC"),
    ]


def test_tables_use_their_name_column(tmp_path):
    path = write(tmp_path, "price,Drug,name\n5,CCOC,a\n6,CCNC,\n7\n", "lib.csv")
    assert [m[:3] for m in molecules(path)] == [(2, "a", "CCOC"), (3, "lib:3", "CCNC"), (4, "lib:4", "")]
    assert [(m.others, m.failure and m.failure.code) for m in molecules(path)] == [
        ({"price": "5"}, None),
        ({"price": "6"}, None),
        ({}, "RAGGED"),
    ]
    assert [m[1] for m in molecules(path, smiles="Drug", id="price")] == ["5", "6", "lib:4"]


def test_named_columns_must_exist(tmp_path):
    path = write(tmp_path, "smiles\nCCO\n", "lib.csv")
    with pytest.raises(UsageError, match="no column 'mol'; its columns are: smiles"):
        list(molecules(path, smiles="mol"))


def test_an_empty_library_says_so(tmp_path):
    with pytest.raises(NothingUsable, match="is empty"):
        list(molecules(write(tmp_path, "", "x.smi")))


@pytest.mark.parametrize(("text", "n"), [("", 0), ("C\n", 1), ("C\nN", 2)])
def test_lines_are_counted(tmp_path, text, n):
    assert count_lines(write(tmp_path, text, "x.smi")) == n


def test_zinc_streams_fast():
    start = time.process_time()
    n = sum(1 for _ in molecules("builtin:zinc250k"))
    assert n == count_lines("builtin:zinc250k") == 249_456
    assert n / (time.process_time() - start) > 200_000  # 2.5 million/s on an idle core


def test_the_series_can_be_a_library():
    found = list(molecules("builtin:chembl2321810"))
    assert len(found) == 1017
    assert found[0][:2] == (1, "1520012")


def test_embedded_sets_tell_source_and_licence():
    for entry in builtins().values():
        assert entry.source
        assert entry.licence
        assert all(path.is_file() for path in source_files(f"builtin:{entry.name}"))
    assert builtin("builtin:chembl2321810").unit == "p"


def test_unknown_embedded_sets_list_the_choices(tmp_path):
    with pytest.raises(UsageError, match="there are: builtin:chembl2321810, builtin:"):
        open_path("builtin:chembl")
    with pytest.raises(UsageError, match="made of 2 files"):
        open_path("builtin:chembl2321810")


def test_a_build_without_the_series_says_what_to_do(monkeypatch, tmp_path):
    from rdkit import RDConfig

    monkeypatch.setattr(RDConfig, "RDContribDir", str(tmp_path))
    with pytest.raises(UsageError, match=r"RDKit lacks .*campaign init"):
        source_files("builtin:chembl2321810")
