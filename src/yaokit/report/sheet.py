"""All drawings of one page: each molecule is drawn once and shown wherever it is needed."""

from collections.abc import Sequence

from markupsafe import Markup
from rdkit import Chem

from yaokit.chem import depict
from yaokit.chem.parse import parse
from yaokit.core.reasons import Failure

SIZE = (260, 180)


class Sheet:
    """Drawings by SMILES, aligned to one core; `symbols` is what the page must hold once."""

    def __init__(self, core: Chem.Mol | None) -> None:
        self.core = core
        self._drawings: dict[str, tuple[str, depict.Drawing]] = {}

    def show(self, smiles: str, name: str, colors: Sequence[str | None] | None = None) -> Markup:
        """An `<svg>` that shows the molecule; `colors`, one an atom, are discs behind its atoms."""
        symbol, drawing = self._drawing(smiles)
        width, height = SIZE
        discs = drawing.discs(colors) if colors else ""
        return Markup(
            '<svg class="mol" role="img" aria-label="{}" viewBox="0 0 {} {}">{}<use href="#{}"/></svg>'
        ).format(name, width, height, Markup(discs), symbol)

    def symbols(self) -> Markup:
        """The drawings themselves, for one hidden `<svg>`."""
        width, height = SIZE
        return Markup("").join(
            Markup('<symbol id="{}" viewBox="0 0 {} {}">{}</symbol>').format(
                symbol, width, height, Markup(drawing.body)
            )
            for symbol, drawing in self._drawings.values()
        )

    def _drawing(self, smiles: str) -> tuple[str, depict.Drawing]:
        if smiles not in self._drawings:
            mol = parse(smiles)
            if isinstance(mol, Failure):
                drawing = depict.text_drawing([smiles, f"not drawn: {mol.message}"], SIZE)
            else:
                drawing = depict.draw(mol, SIZE, self.core)
            self._drawings[smiles] = (f"m{len(self._drawings)}", drawing)
        return self._drawings[smiles]
