import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from yaokit.cli.app import COMMANDS, Flags, run, take_flags

HEAVY = ("rdkit", "torch", "numpy", "pyarrow", "sklearn", "scipy", "lightgbm", "pandas", "pydantic")


def test_help_imports_nothing_heavy_and_is_quick() -> None:
    code = (
        "import resource, sys; from yaokit.cli.app import run; run(['--help'])\n"
        "cpu = resource.getrusage(resource.RUSAGE_SELF)\n"
        f"print([m for m in {HEAVY} if m in sys.modules], cpu.ru_utime + cpu.ru_stime)"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    heavy, cpu_s = out.splitlines()[-1].rsplit(" ", 1)
    assert heavy == "[]"
    assert float(cpu_s) < 0.3
    assert all(name.split()[0] in out for name in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_every_command_has_an_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*command.split(), "--help"]) == 0
    out = capsys.readouterr().out
    assert f"  yaokit {command}" in out
    assert "--json" in out


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out.startswith("yaokit 0")


def test_flags_are_taken_anywhere_before_a_double_dash() -> None:
    words, flags = take_flags(["--quiet", "curate", "--json", "a", "--", "--debug"])
    assert words == ["curate", "a", "--", "--debug"]
    assert flags == Flags(json=True, quiet=True, debug=False)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["curat"], "curate"),
        (["curate"], "IN"),
        (["curate", "a.csv", "-o", "x", "--nope"], "--nope"),
        (["curate", "a.csv", "-o", "x", "--max-rejects", "2.5"], "not a whole number"),
        (["curate", "a.csv", "-o", "x", "--workers", "0"], "1 or more"),
        (["curate", "a.csv", "-o", "x", "--max-rejects", "-1"], "0 or more"),
        (["curate", "a.csv", "-o", "x", "--value", "a", "b"], "'b' belongs to no"),
    ],
)
def test_wrong_usage_is_one_line_that_says_where_to_look(
    words: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(words) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert error.startswith("yaokit: ")
    assert told in error
    assert "--help" in error


@pytest.mark.usefixtures("toys")
class TestEndings:
    def test_result_is_readable_and_paths_are_not_wrapped(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["done"]) == 0
        out = capsys.readouterr().out
        assert out.splitlines() == ["rows   1,234", "table  " + "x" * 200, "note: a note"]

    def test_json_is_json_alone(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["done", "--json"]) == 0
        assert json.loads(capsys.readouterr().out) == {"n": 1, "name": "é"}

    def test_done_but_not_content_prints_first(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["rejects"]) == 4
        told = capsys.readouterr()
        assert told.out == "rows  1\n"
        assert told.err == "yaokit: 3 rows rejected, more than 2\n"

    @pytest.mark.parametrize(
        ("toy", "code", "told"),
        [
            ("full", 5, "disk full: /data/run; free space"),
            ("full-inside", 5, "disk full: /data/run; free space"),
            ("full-in-words", 5, "disk full: /"),
            ("too-large", 5, "limit on the size of files reached: /data/run; raise it"),
            ("denied", 2, "/data/run: permission denied"),
            ("memory", 5, "out of memory"),
        ],
    )
    def test_trouble_of_the_system_is_one_line(
        self, toy: str, code: int, told: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert run([toy]) == code
        error = capsys.readouterr().err
        assert told in error
        assert error.count("\n") == 1
        assert not list(Path.cwd().iterdir())

    def test_a_defect_leaves_a_crash_file_and_no_traceback(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["defect"]) == 70
        error = capsys.readouterr().err
        (crash,) = Path.cwd().iterdir()
        assert str(crash) in error
        assert "Traceback" not in error
        assert "ZeroDivisionError: a defect" in crash.read_text()
        assert "yaokit defect" in crash.read_text()

    def test_debug_shows_the_traceback(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["denied", "--debug"]) == 2
        assert "Traceback" in capsys.readouterr().err


def test_termination_says_how_to_continue(tmp_path: Path) -> None:
    code = (
        "import sys; from yaokit.cli import app; sys.argv = ['yaokit', 'endless']\n"
        "app.COMMANDS['endless'] = ('toy_commands:endless', 'a toy'); app.main()"
    )
    env = {"PYTHONPATH": str(Path(__file__).parents[1])}
    with subprocess.Popen(
        [sys.executable, "-c", code], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "started\n"
        process.send_signal(signal.SIGTERM)
        assert process.communicate(timeout=20)[1].strip().endswith("run the same command again to continue")
    assert process.returncode == 5


def test_a_reader_that_stops_reading_is_no_error() -> None:
    program = Path(sys.executable).with_name("yaokit")
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {program} --help | true"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr


def test_an_output_that_cannot_be_made_is_a_wrong_path(yaokit, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("smiles\nCCO\n")
    done = yaokit("curate", "a.csv", "-o", "/proc/nowhere/clean.parquet")
    assert done.returncode == 2
    assert "/proc/nowhere" in done.stderr
