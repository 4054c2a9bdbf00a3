from pathlib import Path

from yaokit.campaign.steps.screen import _empty
from yaokit.core.store import write_json
from yaokit.report.html import write_report
from yaokit.report.run import StepFolder


def test_a_series_without_common_bonds_is_told_not_tripped_over(tmp_path: Path) -> None:
    write_json(tmp_path / "summary.json", _empty({"note": "no bond occurs often enough", "n_products": 0}))
    write_report(tmp_path, [StepFolder("screen", "series", tmp_path)], {})
    assert "no bond occurs often enough" in (tmp_path / "report.html").read_text(encoding="utf-8")
