"""`yaokit predict` from the command line."""

import csv

import pytest
from toy_runs import small_model


@pytest.mark.parametrize(("good", "code"), [("", 3), ("CCO\n", 0)])
def test_a_file_of_which_nothing_could_be_predicted_is_written_and_ends_with_3(
    yaokit, tmp_path_factory, tmp_path, good, code
):
    (tmp_path / "in.csv").write_text(f"smiles\nC1CC\n[Na+].[Cl-]\n{good}")
    done = yaokit("predict", small_model(tmp_path_factory), "in.csv", "-o", "out.csv", "--workers", "1")
    assert done.returncode == code
    assert ("none of the 2 rows could be predicted" in done.stderr) == (code == 3)
    with open(tmp_path / "out.csv", encoding="utf-8", newline="") as file:
        reasons = [row["reason"].split(":")[0] for row in csv.DictReader(file)]
    assert reasons[:2] == ["SYNTAX", "NO_CARBON"]
