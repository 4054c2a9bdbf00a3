"""Atom contributions of networks, through captum: parts of the molecule are taken away inside the network.

On the scale of the network's outputs: the task's unit for numbers, log odds for a class. What atoms lose one
by one does not add up: so the rest of the prediction, less what the network says of nothing in particular, is
shared equally among the atoms (the equal surplus of Driessen & Funaki 1991, OR Spektrum 13:15).
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from rdkit import Chem

from yaokit.explain.attribution import SMALL
from yaokit.explain.masking import without
from yaokit.models.featurize import featurize
from yaokit.models.network import Network
from yaokit.models.stacking import log_odds
from yaokit.models.targets import CLASSIFICATION
from yaokit.nn.devices import one_thread

if TYPE_CHECKING:
    import torch

    from yaokit.models.gnn import Gnn
    from yaokit.models.sequence import SmilesNetwork

STEPS = 24  # of integrated gradients
_BONDS = set("=#$:/\\~-")
_AT_ONCE = 64  # hidden parts in one batch

Output = Callable[..., "torch.Tensor"]


def graphs(model: "Gnn", mols: Sequence[Chem.Mol], task: int, method: str = "occlusion") -> list[np.ndarray]:
    """(atoms,) float64 of each molecule: what the output loses when an atom is faded out of the graph.

    What descriptors of the whole molecule add is found by hiding each atom from them, up to SMALL atoms.
    `method` "gradients" integrates gradients from all atoms faded out to all there. The sum is the prediction
    less the training values' mean, on the scale that was learned.
    """
    out = []
    for mol in mols:
        values = _mean_of_networks(model, lambda i, mol=mol: _faded(model, i, mol, task, method), task)
        if model.features == "described" and mol.GetNumAtoms() <= SMALL:
            values += _described(model, mol, task)
        out.append(_whole(model, mol, values, task))
    return out


def tokens(
    model: "SmilesNetwork", mols: Sequence[Chem.Mol], task: int, method: str = "occlusion"
) -> list[np.ndarray]:
    """(atoms,) float64 of each molecule: what the output loses when tokens are embedded as zeros.

    Those of an atom and its neighbors are taken away together, since a network guesses a single
    missing token from those around it; the loss is shared equally among them. On average over the ways
    of writing that a prediction reads. `method` "gradients" integrates gradients from zeros to the
    embedded tokens. The sign of a bond belongs to the atom after it. The sum is as that of `graphs`.
    """
    out = []
    for mol in mols:
        values = _mean_of_networks(model, lambda i, mol=mol: _written(model, i, mol, task, method), task)
        out.append(_whole(model, mol, values, task))
    return out


def _whole(model: Network, mol: Chem.Mol, values: np.ndarray, task: int) -> np.ndarray:
    """(atoms,) the values, moved so that they add up to what the molecule has beyond the mean."""
    if not len(values):
        return values
    mean = model.predict_features(featurize(model.features, [mol]))[0][0, task]
    said = log_odds(mean) if model._kinds[task] == CLASSIFICATION else mean
    return values + (said - model._center[task] - values.sum()) / len(values)


def _mean_of_networks(model: Network, of: Callable[[int], np.ndarray], task: int) -> np.ndarray:
    with one_thread():
        every = [of(i) for i in range(model.networks)]
    return np.mean(every, axis=0) * model._scale[task]


def _faded(model: "Gnn", number: int, mol: Chem.Mol, task: int, method: str) -> np.ndarray:
    """(atoms,) of one network: the graph alone."""

    module = model.module_of(number).cpu()
    ready = model._ready(featurize(model.features, [mol]))

    def output(there: "torch.Tensor") -> "torch.Tensor":
        (batch,) = model.inputs(ready, np.zeros(len(there), np.int64), None)
        return module(batch, there.reshape(-1, 1))[:, task]

    return _METHODS[method](output, mol.GetNumAtoms())


def _described(model: "Gnn", mol: Chem.Mol, task: int) -> np.ndarray:
    """(atoms,) what the prediction loses when the descriptors, but not the graph, miss an atom."""
    X = featurize(model.features, [mol, *without(mol)])
    numbers = np.where(np.isnan(X.numbers), X.numbers[:1], X.numbers)
    ready = model._ready(replace(X[np.zeros(len(X), np.int64)], numbers=numbers))
    every = np.mean([model._outputs(i, ready)[:, task] for i in range(model.networks)], axis=0)
    return (every[0] - every[1:]) * model._scale[task]


def _written(model: "SmilesNetwork", number: int, mol: Chem.Mol, task: int, method: str) -> np.ndarray:
    """(atoms,) of one network, on average over the ways of writing."""
    from yaokit.models.sequence import written

    module = model.module_of(number).cpu()
    ways = written(Chem.MolToSmiles(mol), model.views, model.seed)
    return np.mean([_of_way(module, mol, way, task, method) for way in ways], axis=0)


def _of_way(module: Any, mol: Chem.Mol, way: str, task: int, method: str) -> np.ndarray:
    import torch

    from yaokit.nn.tokenizer import smiles_tokenizer

    embedded = module.embedding(torch.from_numpy(smiles_tokenizer().encode(way, ends=True))[None]).detach()
    other = Chem.MolFromSmiles(way)
    atoms = torch.from_numpy(_atoms_of_tokens(way, other.GetNumAtoms()))
    if method == "occlusion":
        near = (Chem.GetDistanceMatrix(other) <= 1).astype(np.float32)  # (centers, atoms)
    else:
        near = np.eye(other.GetNumAtoms(), dtype=np.float32)
    around = torch.from_numpy(near)

    def output(there: "torch.Tensor") -> "torch.Tensor":
        """Of (k, centers) switches: an atom is as much there as the least of the centers around it."""
        kept = 1 - ((1 - there)[:, :, None] * around).amax(dim=1)  # (k, atoms)
        hidden = (1 - kept) @ atoms  # (k, tokens)
        x = embedded * (1 - hidden)[:, :, None]
        return module.read(x, torch.ones(x.shape[:2], dtype=torch.bool))[:, task]

    values = _METHODS[method](output, len(near))
    shared = (values / near.sum(axis=1)) @ near
    return shared[list(other.GetSubstructMatch(mol))]


def _atoms_of_tokens(way: str, n_atoms: int) -> np.ndarray:
    """(atoms, tokens + 2) float32: 1 where a token belongs to an atom, counted with both ends."""
    from yaokit.nn.tokenizer import smiles_tokenizer

    read = smiles_tokenizer()
    texts = read.split(way)
    out = np.zeros((n_atoms, len(texts) + 2), np.float32)
    for atom, places in enumerate(read.atom_tokens(way)):
        first = int(places[0])
        if first and texts[first - 1] in _BONDS:
            out[atom, first] = 1
        out[atom, places + 1] = 1
    return out


def _integrated(output: Output, n: int) -> np.ndarray:
    """(n,) of n switches: gradients from all off to all on (Sundararajan 2017, arXiv:1703.01365)."""
    import torch
    from captum.attr import IntegratedGradients

    on = torch.ones(1, n)
    found = IntegratedGradients(output).attribute(on, on * 0, n_steps=STEPS, method="gausslegendre")
    return cast(Any, found).detach().double().numpy()[0]


def _occluded(output: Output, n: int) -> np.ndarray:
    """(n,) of n switches: what the output loses when one is off."""
    import torch
    from captum.attr import FeatureAblation

    on = torch.ones(1, n)
    with torch.no_grad():
        found = FeatureAblation(output).attribute(on, on * 0, perturbations_per_eval=_AT_ONCE)
    return cast(Any, found).double().numpy()[0]


_METHODS = {"occlusion": _occluded, "gradients": _integrated}
