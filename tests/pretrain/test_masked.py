"""The objective `masked`: hidden tokens stay hidden, and it learns."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from rdkit import Chem
from toy_pretraining import small_corpus
from toy_runs import TASK, measured, series

from yaokit.core.errors import UsageError
from yaokit.models.transformer import Transformer
from yaokit.nn.devices import one_thread
from yaokit.nn.masked import SIZES, embed, encoded
from yaokit.nn.pretrained import open_pretrained
from yaokit.nn.tokenizer import BOS, EOS, MASK, PAD, smiles_tokenizer
from yaokit.pretrain.descriptors import CHEAP
from yaokit.pretrain.masked import Batch, Masked
from yaokit.pretrain.plan import Plan
from yaokit.pretrain.run import Job, pretrain

SMILES = series(32)[0]
LONG = "C" * 120 + "O"
SMALL = {"width": 64, "depth": 2, "heads": 2}


@pytest.fixture(autouse=True)
def _alone() -> Iterator[None]:
    with one_thread():
        yield


def prepared(**settings: float) -> tuple[Masked, np.ndarray]:
    """The objective, and the targets of SMILES."""
    objective = Masked(**{**SMALL, **settings})
    targets = objective.targets(SMILES)
    objective.prepared = objective.prepare(SMILES, targets)
    return objective, targets


def drawn(objective: Masked, targets: np.ndarray, seed: int = 0) -> Batch:
    return objective.batch(SMILES, targets, np.random.default_rng(seed))


def test_a_batch_depends_on_the_generator_alone():
    objective, targets = prepared()
    for one, other in zip(drawn(objective, targets), drawn(objective, targets), strict=True):
        assert torch.equal(one.nan_to_num(), other.nan_to_num())
    assert not torch.equal(drawn(objective, targets)[2], drawn(objective, targets, 1)[2])


def test_fifteen_percent_are_hidden_and_most_of_them_masked():
    objective, targets = prepared(whole=0.0)
    batches = [drawn(objective, targets, seed) for seed in range(20)]
    tokens = sum(int((batch[0] != PAD).sum()) - 2 * len(SMILES) for batch in batches)
    hidden = sum(len(batch[1]) for batch in batches)
    shown = np.concatenate([batch[0][batch[1][:, 0], batch[1][:, 1]] for batch in batches])
    wanted = np.concatenate([batch[2] for batch in batches])
    assert hidden / tokens == pytest.approx(0.15, abs=0.01)
    assert (shown == MASK).mean() == pytest.approx(0.8, abs=0.03)
    assert (shown == wanted).mean() == pytest.approx(0.1, abs=0.03)


def test_what_was_hidden_makes_a_way_of_writing_the_molecule_again():
    objective, targets = prepared(whole=0.0)
    tokens, places, wanted, _ = drawn(objective, targets)
    assert not set(wanted.tolist()) & {BOS, EOS, MASK, PAD}
    tokens[places[:, 0], places[:, 1]] = wanted
    for row, smiles in zip(tokens.numpy(), SMILES, strict=True):
        assert Chem.CanonSmiles(smiles_tokenizer().decode(row)) == Chem.CanonSmiles(smiles)


def test_the_network_does_not_see_what_a_mask_hides():
    objective, targets = prepared(whole=0.0)
    tokens, places, wanted, _ = drawn(objective, targets)
    masked = tokens[places[:, 0], places[:, 1]] == MASK
    assert len(set(wanted[masked].tolist())) > 5
    torch.manual_seed(0)
    module = objective.module().eval()
    before = module(tokens, places)
    wanted[masked] = MASK  # another truth: what the network reads, and so what it says, is the same
    for one, other in zip(before, module(tokens, places), strict=True):
        assert torch.equal(one, other)


def test_whole_molecules_have_nothing_hidden():
    objective, targets = prepared(whole=1.0)
    batch = drawn(objective, targets)
    assert len(batch[1]) == 0
    loss, parts = objective.loss(objective.module(), batch)
    assert torch.isfinite(loss)
    assert parts["tokens"] == 0


def test_of_a_long_molecule_a_part_is_shown_without_descriptors():
    objective, _ = prepared(whole=1.0, longest=50)
    tokens, places, _, numbers = objective.batch(
        [LONG, "CCO"], objective.targets([LONG, "CCO"]), np.random.default_rng(0)
    )
    assert tokens.shape == (2, 50)
    assert numbers[0].isnan().all()
    assert not numbers[1].isnan().any()
    assert set(places[:, 0].tolist()) == {0}


def test_a_missing_descriptor_teaches_nothing():
    objective, targets = prepared(whole=1.0)
    targets[:, 0] = np.nan
    module = objective.module()
    objective.loss(module, drawn(objective, targets))[0].backward()
    bias = module.get_parameter("net.head.layers.1.bias").grad
    assert bias is not None
    assert bias[0] == 0
    assert (bias[1:] != 0).any()


def test_it_learns_32_molecules_by_heart():
    objective, targets = prepared(depth=1)
    torch.manual_seed(0)
    module, batch = objective.module().train(), drawn(objective, targets)
    optimizer = torch.optim.AdamW(module.parameters(), lr=5e-3)
    for _ in range(80):
        loss, parts = objective.loss(module, batch)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(module.parameters(), 1.0)
        optimizer.step()
    assert parts["tokens"] < 0.05
    assert parts["descriptors"] < 0.1


def test_every_parameter_gets_a_gradient():
    objective, targets = prepared()
    module = objective.module()
    objective.loss(module, drawn(objective, targets))[0].backward()
    unread = {name for name, p in module.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0}
    assert unread == set()


def test_shipped_weights_are_without_the_layers_that_name_tokens():
    objective = Masked(**SMALL)
    state = objective.state(objective.module())
    assert {name.partition(".")[0] for name in state} == {"net"}
    assert {array.dtype for array in state.values()} == {np.dtype(np.float32)}


def test_sizes_have_the_parameters_they_promise():
    millions = {}
    for size in SIZES:
        with torch.device("meta"):
            module = Masked(size=size).module()
        millions[size] = sum(p.numel() for p in module.parameters()) / 1e6
    assert 0.9 < millions["tiny"] < 1.5
    assert 6 < millions["small"] < 8
    assert 25 < millions["base"] < 45


def test_settings_that_are_not_there_are_listed():
    with pytest.raises(UsageError, match=r"no setting 'widht'; it has: .*width"):
        Masked(widht=3)
    with pytest.raises(UsageError, match="no size 'huge'; choose one of: tiny, small, base"):
        Masked(size="huge")


def test_what_does_not_parse_or_is_no_token_is_named():
    objective, _ = prepared()
    with pytest.raises(UsageError, match=r"'C1CC' in the corpus does not parse"):
        objective.batch(["C1CC"], np.zeros((1, len(CHEAP)), np.float16), np.random.default_rng(0))
    with pytest.raises(UsageError, match="no part of a SMILES"):
        encoded("C?C")


def test_what_a_run_writes_is_started_from_and_read(tmp_path: Path):
    plan = Plan(steps=3, batch_size=16, n_valid=5, precision="32-true", warmup=1)
    job = Job(small_corpus(tmp_path, 60), "masked", tmp_path / "out", SMALL, plan, device="cpu")
    card = pretrain(job)
    assert card["is_finished"]
    assert set(card["losses"]["valid"][0]) == {"step", "loss", "tokens", "descriptors"}
    found = open_pretrained(tmp_path / "out", ["masked"])
    assert embed(found, [Chem.MolFromSmiles("CCO")]).shape == (1, SMALL["width"])
    model = Transformer(0, epochs=1, views=1, pretrained=str(tmp_path / "out")).fit(measured(20), [TASK])
    assert (model.width, model.depth) == (SMALL["width"], SMALL["depth"])
