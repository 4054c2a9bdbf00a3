"""Left-to-right language models of SMILES: how likely a molecule is, and new ones drawn.

Shapes: tokens (n, length) int64, BOS first, EOS last, then PAD; told (n, length, NUMBERS) float32, what
chem.syntax tells after each token; logits (n, length, tokens).
"""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from yaokit.chem.syntax import NUMBERS, Syntax, told
from yaokit.core.errors import UsageError
from yaokit.core.seed import rng
from yaokit.nn.blocks import Encoder, rotate, rotations
from yaokit.nn.devices import one_thread
from yaokit.nn.pretrained import PRIORS, Pretrained, open_pretrained
from yaokit.nn.tokenizer import BOS, EOS, PAD, Tokenizer, pad, smiles_tokenizer

LONGEST = 200  # tokens drawn before a molecule is cut off
_BLOCK = 256  # molecules that share a stream of random numbers
_LOUD = 8.0  # of what is told: its weights learn as much faster
_FULL = 0.75  # share of unfinished rows below which the finished ones are dropped

SIZES: dict[str, dict[str, Any]] = {
    "gru-tiny": {"architecture": "gru", "embedding": 64, "width": 256, "depth": 2},
    "gru": {"architecture": "gru", "embedding": 96, "width": 448, "depth": 2},
    "gru-large": {"architecture": "gru", "embedding": 128, "width": 512, "depth": 3},
    "gpt-small": {"architecture": "gpt", "width": 256, "depth": 8, "heads": 8},
    "gpt-base": {"architecture": "gpt", "width": 512, "depth": 8, "heads": 8},
}


def network_settings(size: str = "gru", **changes: Any) -> dict[str, Any]:
    """All settings of a network: those of a size, some of them changed. UsageError lists what there is."""
    if size not in SIZES:
        raise UsageError(f"no causal network is called {size!r}; choose one of: {', '.join(SIZES)}")
    settings = {**SIZES[size], "dropout": 0.0, "syntax": True}
    if unknown := sorted(changes.keys() - settings.keys()):
        raise UsageError(f"{size} has no setting {unknown[0]!r}; it has: {', '.join(settings)}")
    return {**settings, **changes}


class CausalNet(nn.Module):
    """Tokens → logits of the next token; one that can stand in no SMILES has none (-inf).

    With `syntax` it also reads, beside each token, what is open after it, which its output sees once more:
    it need not keep count of rings, branches and valences itself.
    """

    closed: Tensor

    def __init__(self, architecture: str, syntax: bool = False, **settings: Any) -> None:
        super().__init__()
        if architecture not in _BODIES:
            raise UsageError(f"no architecture {architecture!r}; choose one of: {', '.join(_BODIES)}")
        tokenizer = smiles_tokenizer()
        self.settings = {"architecture": architecture, "syntax": syntax, **settings}
        self.body = _BODIES[architecture](len(tokenizer), **settings)
        self.head = nn.Linear(self.body.width, len(tokenizer))
        if syntax:
            self.told = nn.Linear(NUMBERS, self.body.embedding.embedding_dim, bias=False)
            self.told_last = nn.Linear(NUMBERS, len(tokenizer), bias=False)
            for layer in (self.told, self.told_last):
                nn.init.normal_(layer.weight, std=0.1 / _LOUD)
        closed = torch.zeros(len(tokenizer)).masked_fill(_never(tokenizer), -torch.inf)
        self.register_buffer("closed", closed, persistent=False)

    @property
    def reads_syntax(self) -> bool:
        """Whether it wants to be told."""
        return hasattr(self, "told")

    def forward(self, tokens: Tensor, told: Tensor | None = None) -> Tensor:
        """Found out from the tokens if it is not told."""
        if self.reads_syntax and told is None:
            told = syntax_of(tokens)
        return self._logits(self.body(self._embedded(tokens, told), tokens != PAD), told)

    def start(self, n: int) -> Any:
        """What is known before the first token of n molecules."""
        return self.body.start(n)

    def step(self, token: Tensor, state: Any, told: Tensor | None = None) -> tuple[Tensor, Any]:
        """Logits (n, tokens) of what follows `token` (n,), `told` (n, NUMBERS), and the new state."""
        if self.reads_syntax and told is None:
            raise ValueError("this network wants to be told what is open: syntax_of the tokens so far")
        x, state = self.body.step(self._embedded(token, told), state)
        return self._logits(x, told), state

    def _embedded(self, tokens: Tensor, told: Tensor | None) -> Tensor:
        x = self.body.embedding(tokens)
        return x if told is None else x + self.told(_LOUD * told.to(x.device))

    def _logits(self, x: Tensor, told: Tensor | None) -> Tensor:
        logits = functional.linear(x, self.head.weight, self.head.bias + self.closed).float()
        return logits if told is None else logits + self.told_last(_LOUD * told.to(x.device))


def syntax_of(tokens: Tensor) -> Tensor:
    """What is open after each token."""
    texts = _texts()
    return torch.tensor([told(texts[i] for i in row) for row in tokens.tolist()], dtype=torch.float32)


class _Gru(nn.Module):
    """Gated recurrent units (Cho 2014, arXiv:1406.1078). State: (depth, n, width).

    Each gate's recurrent weights start orthogonal (Saxe 2013, arXiv:1312.6120): it learns twice as fast.
    """

    def __init__(self, tokens: int, embedding: int, width: int, depth: int, dropout: float) -> None:
        super().__init__()
        self.width, self.depth = width, depth
        self.embedding = nn.Embedding(tokens, embedding)
        self.cells = nn.GRU(embedding, width, depth, batch_first=True, dropout=dropout if depth > 1 else 0.0)
        self.dropout = nn.Dropout(dropout)
        for name, weights in self.cells.named_parameters():
            start = {"weight_hh": nn.init.orthogonal_, "weight_ih": nn.init.xavier_uniform_}
            for gate in weights.data.chunk(3):
                start.get(name[:9], nn.init.zeros_)(gate)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        return self.dropout(self.cells(x)[0])

    def start(self, n: int) -> Tensor:
        return self.embedding.weight.new_zeros(self.depth, n, self.width)

    def step(self, x: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        x, state = self.cells(x[:, None], state)
        return x[:, 0], state

    @staticmethod
    def keep(state: Tensor, rows: Tensor) -> Tensor:
        return state[:, rows]


class _Gpt(nn.Module):
    """The Transformer of `blocks`, looking back only. State: keys and values of each layer so far."""

    def __init__(self, tokens: int, width: int, depth: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.width = width
        self.embedding = nn.Embedding(tokens, width)
        nn.init.normal_(self.embedding.weight, std=0.3)
        self.encoder = Encoder(width, depth, heads, dropout)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        return self.encoder(x, mask, causal=True)

    def start(self, n: int) -> list[tuple[Tensor, Tensor]]:
        layer: Any = self.encoder.layers[0]
        empty = self.embedding.weight.new_zeros(n, layer.heads, 0, layer.size)
        return [(empty, empty) for _ in self.encoder.layers]

    def step(self, x: Tensor, state: list[tuple[Tensor, Tensor]]) -> tuple[Tensor, Any]:
        place = state[0][0].shape[2]
        cos, sin = rotations(place + 1, self.encoder.layers[0].size, x.device)  # type: ignore[arg-type]
        new = []
        for layer, (keys, values) in zip(self.encoder.layers, state, strict=True):
            x, seen = _layer_step(layer, x, keys, values, (cos[place:], sin[place:]))
            new.append(seen)
        return self.encoder.norm(x), new

    @staticmethod
    def keep(state: list[tuple[Tensor, Tensor]], rows: Tensor) -> Any:
        return [(keys[rows], values[rows]) for keys, values in state]


def _layer_step(
    layer: Any, x: Tensor, keys: Tensor, values: Tensor, turns: tuple[Tensor, Tensor]
) -> tuple[Tensor, Any]:
    """One layer of the encoder for the next token alone; x (n, width), `turns` of its place."""
    n, width = x.shape
    q, k, v = layer.qkv(layer.before(x)).view(n, 3, layer.heads, 1, layer.size).unbind(1)
    q, k = rotate(q, turns), rotate(k, turns)
    keys, values = torch.cat([keys, k], dim=2), torch.cat([values, v], dim=2)
    mixed = functional.scaled_dot_product_attention(q, keys, values)
    x = x + layer.out(mixed.reshape(n, width))
    return x + layer.down(functional.gelu(layer.up(layer.between(x)))), (keys, values)


_BODIES: Mapping[str, Any] = {"gru": _Gru, "gpt": _Gpt}


def next_token_loss(net: nn.Module, tokens: Tensor, told: Tensor | None = None) -> Tensor:
    """(n, length - 1) cross entropy of each token after BOS, in nats; 0 at PAD."""
    logits = net(tokens[:, :-1], None if told is None else told[:, :-1])
    wanted = tokens[:, 1:]
    loss = functional.cross_entropy(
        logits.flatten(0, 1), wanted.flatten(), ignore_index=PAD, reduction="none"
    )
    return loss.view(wanted.shape)


def log_likelihood(net: nn.Module, tokens: Tensor) -> Tensor:
    """(n,) natural logarithm of the probability of each whole sequence, EOS included."""
    return -next_token_loss(net, tokens).sum(dim=1)


def log_likelihoods(net: CausalNet, smiles: Sequence[str], batch: int = 256) -> np.ndarray:
    """(n,) float32 of SMILES; -inf for one with a letter that is no token."""
    tokenizer = smiles_tokenizer()
    rows = [tokenizer.encode(text, ends=True) for text in smiles]
    order = np.argsort([len(row) for row in rows], kind="stable")
    out = np.empty(len(rows), np.float32)
    net.eval()
    with torch.inference_mode():
        for at in np.array_split(order, max(1, -(-len(rows) // batch))):
            out[at] = log_likelihood(net, torch.from_numpy(pad([rows[i] for i in at]))).numpy()
    return out


def sample(
    net: CausalNet,
    n: int,
    seed: int,
    *,
    first: int = 0,
    temperature: float = 1.0,
    longest: int = LONGEST,
    batch: int = 512,
) -> list[str]:
    """n SMILES as the network writes them, right or wrong; "" if not ended after `longest` tokens.

    They are those numbered `first` and following of a row without end. Each has its own random
    numbers, from `seed`: what is drawn depends on batches no more than rounding does.
    """
    tokenizer = smiles_tokenizer()
    net.eval()
    out: list[str] = []
    with torch.inference_mode(), one_thread():
        for start in range(first, first + n, batch):
            chances = _uniform(seed, start, min(start + batch, first + n), longest)
            tokens = _draw(net, chances, temperature)
            ended = (tokens == EOS).any(axis=1)
            out += [tokenizer.decode(row) if end else "" for row, end in zip(tokens, ended, strict=True)]
    return out


def _draw(net: CausalNet, chances: np.ndarray, temperature: float) -> np.ndarray:
    """Tokens (n, longest) after BOS, PAD after EOS, of uniform random numbers of the same shape."""
    n, longest = chances.shape
    device = net.head.weight.device
    out, texts = np.full((n, longest), PAD), _texts()
    rows, going = np.arange(n), np.full(n, True)  # the molecules in the batch, and which are not ended
    open_in = [Syntax() for _ in range(n if net.reads_syntax else 0)]
    token, state = torch.full((n,), BOS, device=device), net.start(n)
    for place in range(longest):
        told = torch.tensor([open_in[i].told() for i in rows], dtype=torch.float32) if open_in else None
        logits, state = net.step(token, state, told)
        token = _choose(logits / temperature, torch.from_numpy(chances[rows, place]).to(device))
        written = token.cpu().numpy()
        out[rows[going], place] = written[going]
        going &= written != EOS
        for i in np.flatnonzero(going) if open_in else ():
            open_in[rows[i]].add(texts[written[i]])
        if not going.any():
            break
        if going.mean() < _FULL:
            kept = torch.from_numpy(np.flatnonzero(going)).to(device)
            rows, token, state = rows[going], token[kept], net.body.keep(state, kept)
            going = going[going]
    return out


def _choose(logits: Tensor, chances: Tensor) -> Tensor:
    """(n,) the token in whose part of the unit interval the chance falls."""
    ends = logits.double().softmax(dim=1).cumsum(dim=1)
    found = torch.searchsorted(ends, (chances * ends[:, -1])[:, None], right=True)
    return found.squeeze(1)


def _uniform(seed: int, start: int, end: int, longest: int) -> np.ndarray:
    """(end - start, longest) random numbers in [0, 1) of the molecules start … end - 1."""
    first = start // _BLOCK
    blocks = [rng(seed, "sample", i).random((_BLOCK, longest)) for i in range(first, -(-end // _BLOCK))]
    return np.concatenate(blocks)[start - first * _BLOCK : end - first * _BLOCK]


@cache
def _texts() -> tuple[str, ...]:
    """Of each token; of one that writes nothing, ""."""
    known = zip(smiles_tokenizer().tokens, smiles_tokenizer().kinds, strict=True)
    return tuple("" if kind in ("special", "reserve") else text for text, kind in known)


def _never(tokenizer: Tokenizer) -> Tensor:
    """(tokens,) bool: what neither stands in a SMILES nor ends it."""
    numbers = enumerate(tokenizer.kinds)
    return torch.tensor([kind in ("special", "reserve") and i != EOS for i, kind in numbers])


def load_prior(source: str | Path | Pretrained) -> CausalNet:
    """The causal network of a folder or shipped name, ready to draw from; UsageError if it is none."""
    found = source if isinstance(source, Pretrained) else open_pretrained(source, PRIORS)
    try:
        _check_numbers(found)
        net = CausalNet(**found.settings)
        net.load_state_dict({name: torch.from_numpy(array) for name, array in found.state.items()})
    except (TypeError, ValueError, RuntimeError) as error:
        raise UsageError(
            f"the weights of {found.card.get('name', source)} are not those of its settings "
            f"({str(error).splitlines()[-1].strip()}): copy the folder again or use the yaokit of its card"
        ) from None
    return net.eval()


def _check_numbers(found: Pretrained) -> None:
    """ValueError names a setting that no network of these weights has, before it takes all memory."""
    if not isinstance(found.settings, dict):
        raise ValueError("its settings are no table")
    most = max([len(found.state), *(side for array in found.state.values() for side in array.shape)])
    numbers = {name: found.settings.get(name, 1) for name in ("embedding", "width", "depth", "heads")}
    for name, value in numbers.items():
        if type(value) is not int or not 1 <= value <= most:
            raise ValueError(f"{name} = {value!r}: a whole number, 1 to {most:,}")
    if "heads" in found.settings and numbers["width"] % (2 * numbers["heads"]):
        raise ValueError(f"width = {numbers['width']}: no multiple of {2 * numbers['heads']}")
