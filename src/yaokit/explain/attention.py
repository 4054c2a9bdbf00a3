"""Where the attention of a Transformer goes: from token to token, and to atoms."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from rdkit import Chem

from yaokit.models.featurize import featurize

if TYPE_CHECKING:
    from yaokit.models.transformer import Transformer


@dataclass(frozen=True)
class Attention:
    """The maps of one molecule; a row is where the attention comes from and sums to 1."""

    tokens: tuple[str, ...]  # "begin", those of the canonical SMILES, "end"
    maps: np.ndarray  # (layers, heads, tokens, tokens) float32, mean over the networks
    atoms: tuple[np.ndarray, ...]  # of each atom of the canonical SMILES, the places of its tokens

    def averaged(self, layer: int | None = None, head: int | None = None) -> np.ndarray:
        """(tokens, tokens): of one layer or all (None), of one head or all."""
        maps = self.maps if layer is None else self.maps[[layer]]
        maps = maps if head is None else maps[:, [head]]
        return maps.mean(axis=(0, 1))

    def received(self, layer: int | None = None, head: int | None = None) -> np.ndarray:
        """(atoms,) float64: the attention that an atom's tokens get, from all tokens together.

        Attention is no proof of use: compare it with what an atom adds.
        """
        to = self.averaged(layer, head).sum(axis=0, dtype=np.float64)
        return np.array([to[places].sum() for places in self.atoms])

    def to_json(self) -> dict[str, Any]:
        """For the page: whole thousandths, flat from row to row; the mean of all first, then each head."""
        shown = {"all layers, all heads": self.averaged()}
        for layer in range(len(self.maps)):
            for head in range(self.maps.shape[1]):
                shown[f"layer {layer + 1}, head {head + 1}"] = self.averaged(layer, head)
        maps = {name: np.rint(1000 * map_).astype(int).ravel().tolist() for name, map_ in shown.items()}
        return {"tokens": list(self.tokens), "maps": maps}


def attention(model: "Transformer", mol: Chem.Mol) -> Attention:
    """The attention of a fitted Transformer on a molecule."""
    from yaokit.nn.tokenizer import smiles_tokenizer

    rows = featurize(model.features, [mol])
    read = smiles_tokenizer()
    maps = np.mean([model.attention(rows, i)[0] for i in range(model.networks)], axis=0)
    places = tuple(places + 1 for places in read.atom_tokens(rows[0]))
    return Attention(("begin", *read.split(rows[0]), "end"), maps, places)
