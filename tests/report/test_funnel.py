"""The funnel's accounts: they add up, and say so when they do not."""

from pathlib import Path

from yaokit.core.store import write_json
from yaokit.report.funnel import account
from yaokit.report.run import StepFolder


def step(path: Path, **summary) -> StepFolder:
    write_json(path / "summary.json", summary)
    return StepFolder("curate", "curate", path)


def test_accounts_of_a_run_add_up(run_folders: list[StepFolder]):
    for folder in run_folders:
        a = account(folder)
        assert a.n_in == a.n_out + sum(n for *_, n in a.dropped)
        assert a.lost == 0


def test_codes_and_dropped_are_not_counted_twice(tmp_path: Path):
    a = account(
        step(tmp_path, n_in=10, n_out=5, n_merged=2, codes={"SYNTAX": 3}, dropped={"SYNTAX": 3, "MERGED": 2})
    )
    assert a.lost == 0
    assert {code: n for code, _, n in a.dropped} == {"MERGED": 2, "SYNTAX": 3}


def test_molecules_without_account_are_shown(tmp_path: Path):
    assert account(step(tmp_path, n_in=10, n_out=5, dropped={"SYNTAX": 3})).lost == 2
