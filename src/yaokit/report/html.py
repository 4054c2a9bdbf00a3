"""report.html: one self-contained page made from the folders of a finished run."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup
from rdkit import Chem

from yaokit.chem.depict import common_core
from yaokit.core.store import write_text
from yaokit.report import cards, funnel, head, libraries, method, quality, space
from yaokit.report.axes import finite
from yaokit.report.run import Run, StepFolder
from yaokit.report.sheet import Sheet

Build = Callable[[Run, Sheet], dict[str, Any] | None]  # None: this run has no such section

SECTIONS: tuple[tuple[str, str, Build], ...] = (  # anchor and template name, title, content
    ("head", "Summary", head.build),
    ("funnel", "Where every molecule went", funnel.build),
    ("candidates", "Candidates", cards.build),
    ("quality", "Model quality", quality.build),
    ("space", "Chemical space", space.build),
    ("libraries", "Libraries screened", libraries.build),
    ("method", "Method and provenance", method.build),
)


NOTHING_SAID = {
    "title": "",
    "created_from": "",
    "seed": None,
    "versions": {},
    "command": "",
    "settings": {},
    "seconds": {},
    "peak_memory_mb": None,
    "targets": {},
}


def write_report(out: Path, folders: Sequence[StepFolder], about: Mapping[str, Any]) -> None:
    """Write `out`/report.html from the steps' folders; it needs no network to be read.

    `about` may tell title, created_from (the campaign file's text), seed, versions, command, settings,
    seconds (by step), peak_memory_mb, targets (by task: goal, unit, main).
    """
    run = Run(folders, {**NOTHING_SAID, **about})
    sheet = Sheet(run_core(run))
    environment = page_environment()
    sections = []
    for anchor, title, build in SECTIONS:
        content = build(run, sheet)
        if content is not None:
            template = environment.get_template(f"{anchor}.html")
            body = template.render(run=run, about=run.about, title=title, **content)
            sections.append({"anchor": anchor, "title": title, "body": Markup(body)})
    page = environment.get_template("page.html")
    text = page.render(run=run, about=run.about, sections=sections, symbols=sheet.symbols())
    write_text(out / "report.html", text)


def run_core(run: Run) -> Chem.Mol | None:
    """The core that drawings are aligned to: of the candidates, or else of the measured molecules."""
    for rows in (run.candidates, run.measured):
        mols = [Chem.MolFromSmiles(row["smiles"]) for row in rows]
        if core := common_core([mol for mol in mols if mol is not None]):
            return core
    return None


def page_environment() -> jinja2.Environment:
    """The templates, with the filters `number`, `signed` and `count` and the function `file`."""
    loader = jinja2.PackageLoader("yaokit.report")
    environment = jinja2.Environment(
        loader=loader,
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["number"] = _number
    environment.filters["signed"] = lambda value: ("+" if value > 0 else "") + _number(value)
    environment.filters["count"] = lambda n: "–" if n is None else f"{n:,}"
    environment.globals["file"] = lambda name: Markup(loader.get_source(environment, name)[0])
    return environment


def _number(value: float | None, digits: int = 2) -> str:
    """The value with so many decimals, a small one with so many significant digits; a dash if unknown."""
    if value is None or not finite([value]):
        return "–"
    is_small = 0 < abs(value) < 10**-digits
    return f"{value:.{digits}{'g' if is_small else 'f'}}".replace("-", "−")
