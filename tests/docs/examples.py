"""What the tests need of a Markdown file: its runnable blocks, links and headings."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *ROOT.glob("docs/**/*.md")])

_BLOCK = re.compile(
    r"(?:^<!-- (?P<marker>[^>]*) -->\n+)?^```(?P<language>\w*)(?: (?P<file>\S+))?\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
_CODE = re.compile(r"`[^`\n]*`")
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_ANCHOR = re.compile(r'<a (?:id|name)="([^"]+)"')


@dataclass(frozen=True)
class Block:
    """One fenced block; `marker` is the comment above it ("no test: why", "slow" or none).

    "```csv raw.csv" names the `file` that the examples below it find.
    """

    language: str
    file: str | None
    text: str
    marker: str

    def commands(self) -> Iterator[tuple[str, str]]:
        """Of a console block: each command after "$ ", and the output shown below it."""
        for part in re.split(r"^\$ ", self.text, flags=re.MULTILINE)[1:]:
            command, _, shown = part.partition("\n")
            while command.endswith("\\"):
                more, _, shown = shown.partition("\n")
                command = f"{command[:-1]}{more}"
            yield command, shown


def blocks(page: Path) -> list[Block]:
    """The fenced blocks of a page, in order."""
    found = _BLOCK.finditer(page.read_text(encoding="utf-8"))
    return [Block(m["language"], m["file"], m["text"], m["marker"] or "") for m in found]


def links(page: Path) -> list[str]:
    """The targets of all links and images outside of blocks."""
    return _LINK.findall(_prose(page))


def anchors(page: Path) -> set[str]:
    """What can follow "#" in a link to the page."""
    text = _BLOCK.sub("", page.read_text(encoding="utf-8"))
    return {_slug(title) for title in _HEADING.findall(text)} | set(_ANCHOR.findall(text))


def _prose(page: Path) -> str:
    return _CODE.sub("", _BLOCK.sub("", page.read_text(encoding="utf-8")))


def _slug(title: str) -> str:
    plain = re.sub(r"[^\w\- ]", "", title.lower())
    return plain.strip().replace(" ", "-")
