"""A language model's objective: each next token of a SMILES, from those before it."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import torch
from rdkit import Chem

from yaokit.chem.parse import quiet_rdkit
from yaokit.core.errors import UsageError
from yaokit.nn.causal import SIZES, CausalNet, network_settings, next_token_loss, syntax_of
from yaokit.nn.tokenizer import PAD, pad, smiles_tokenizer
from yaokit.pretrain.ranges import check_heads, check_shares, check_whole

Batch = tuple[torch.Tensor, torch.Tensor | None]
_TYPICAL = 40  # tokens; keeps the loss of a molecule near that of a token


class Causal:
    """Cross entropy of a batch's SMILES, each molecule counting the same.

    `size` and its changes: `nn.causal.network_settings`. `randomized` is the share of molecules that are
    written anew, from a random atom, each time they are seen. Of a SMILES of more than `longest`
    tokens the beginning is learned.
    """

    kind: ClassVar[str] = "causal"

    def __init__(
        self, *, size: str = "gru", randomized: float = 0.0, longest: int = 200, **changes: Any
    ) -> None:
        self.settings = network_settings(size, **changes)
        check_whole({"longest": longest, **self.settings}, longest=1, embedding=1, width=1, depth=1, heads=1)
        check_shares({"randomized": randomized, **self.settings}, "randomized", "dropout")
        check_heads(self.settings)
        if not isinstance(self.settings["syntax"], bool):
            raise UsageError(f"syntax = {self.settings['syntax']!r}: true or false")
        if self.settings["architecture"] != SIZES[size]["architecture"]:
            raise UsageError(
                f"architecture = {self.settings['architecture']!r}: {size} has another; leave it out"
            )
        self.randomized, self.longest = randomized, longest
        self.prepared: dict[str, np.ndarray] = {}

    def module(self) -> torch.nn.Module:
        return CausalNet(**self.settings)

    def targets(self, smiles: Sequence[str]) -> None:
        return None

    def prepare(self, sample: Sequence[str], targets: np.ndarray | None) -> dict[str, np.ndarray]:
        return {}

    def batch(self, smiles: Sequence[str], targets: np.ndarray | None, random: np.random.Generator) -> Batch:
        """Tokens, and what is open after each if the network is told."""
        if self.randomized:
            again = random.random(len(smiles)) < self.randomized
            seeds = random.integers(2**31, size=len(smiles))
            smiles = [
                rewritten(text, int(seed)) if new else text
                for text, new, seed in zip(smiles, again, seeds, strict=True)
            ]
        tokenizer = smiles_tokenizer()
        rows = [tokenizer.encode(text, ends=True)[: self.longest + 2] for text in smiles]
        tokens = torch.from_numpy(pad(rows))
        return tokens, syntax_of(tokens) if self.settings["syntax"] else None

    def loss(self, module: torch.nn.Module, batch: Batch) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        total, n = next_token_loss(module, *batch).sum(), len(batch[0])
        parts = {"nats_a_molecule": total.detach() / n}
        with torch.no_grad():
            parts["nats_a_token"] = total / self.tokens(batch)
        return total / (_TYPICAL * n), parts

    def state(self, module: torch.nn.Module) -> dict[str, np.ndarray]:
        return {name: tensor.float().cpu().numpy() for name, tensor in module.state_dict().items()}

    def tokens(self, batch: Batch) -> int:
        """How many are predicted."""
        return int((batch[0][:, 1:] != PAD).sum())

    def flops(self, batch: Batch) -> float:
        return 6.0 * self._n_weights * self.tokens(batch) + self._attention(batch[0])

    def _attention(self, tokens: torch.Tensor) -> float:
        if self.settings["architecture"] != "gpt":
            return 0.0
        lengths = (tokens[:, 1:] != PAD).sum(dim=1).double()
        return float(6 * self.settings["depth"] * self.settings["width"] * (lengths**2).sum())

    @cached_property
    def _n_weights(self) -> int:
        """Of the layers that multiply; an embedding only looks up."""
        with torch.device("meta"):
            net = CausalNet(**self.settings)
        return sum(p.numel() for name, p in net.named_parameters() if "embedding" not in name)


def rewritten(smiles: str, seed: int) -> str:
    """The molecule written from a random atom along random branches; itself if that fails."""
    with quiet_rdkit():
        mol = Chem.MolFromSmiles(smiles)
        found = Chem.MolToRandomSmilesVect(mol, 1, randomSeed=seed) if mol is not None else None
    return found[0] if found else smiles
