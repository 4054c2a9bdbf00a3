"""Every example runs, every link leads somewhere."""

import doctest
import os
import subprocess
import sys
from pathlib import Path

import pytest
from docs.examples import PAGES, ROOT, Block, anchors, blocks, links

from yaokit.cli.app import COMMANDS

RUNNABLE = {"console", "python"}
SAME = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def _names(pages: list[Path]) -> list[str]:
    return [str(page.relative_to(ROOT)) for page in pages]


def _with(slow: bool) -> list[Path]:
    return [page for page in PAGES if any((b.marker == "slow") == slow and _runs(b) for b in blocks(page))]


def _runs(block: Block) -> bool:
    is_example = block.language in RUNNABLE or block.file is not None
    return is_example and not block.marker.startswith("no test:")


@pytest.mark.parametrize("page", _with(slow=False), ids=_names(_with(slow=False)))
def test_examples_run_and_show_what_they_say(page: Path, tmp_path: Path) -> None:
    for block in blocks(page):
        if _runs(block) and block.marker != "slow":
            _run(block, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("page", _with(slow=True), ids=_names(_with(slow=True)))
def test_long_examples_run_too(page: Path, tmp_path: Path) -> None:
    for block in blocks(page):
        if _runs(block):
            _run(block, tmp_path)


def _run(block: Block, folder: Path) -> None:
    if block.file:
        (folder / block.file).write_text(block.text, encoding="utf-8")
    elif block.language == "python":
        _call([sys.executable, "-W", "error", "-c", block.text], folder)
    for command, shown in block.commands() if block.language == "console" else ():
        told = _call(["bash", "-ec", command], folder)
        assert not shown.strip() or doctest.OutputChecker().check_output(shown, told, SAME), (
            f"$ {command}\ngave\n{told}\nnot\n{shown}"
        )


def _call(words: list[str], folder: Path) -> str:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    env = {**os.environ, "PATH": path}
    done = subprocess.run(words, cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{words[-1]}\n{done.stdout}{done.stderr}"
    return done.stdout


def test_readme_lists_every_command() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert all(f"| `yaokit {name}" in text for name in COMMANDS)


@pytest.mark.parametrize("page", PAGES, ids=_names(PAGES))
def test_links_lead_somewhere(page: Path) -> None:
    for link in links(page):
        if link.startswith("https://"):
            continue
        target, _, anchor = link.partition("#")
        file = page.parent / target if target else page
        assert file.exists(), f"{page.name} links to {link}"
        assert not anchor or anchor in anchors(file), f"{link}: no heading {anchor!r} in {file.name}"


@pytest.mark.parametrize("page", PAGES, ids=_names(PAGES))
def test_blocks_are_run_or_say_why_not(page: Path) -> None:
    for block in blocks(page):
        assert block.language, f"a block of {page.name} without a language:\n{block.text}"
        assert not block.marker or block.marker == "slow" or block.marker.startswith("no test: ")
