from dataclasses import replace

import pytest
import torch
from toy_pretraining import TARGET, Toy, small_corpus, zinc

from yaokit.nn.tokenizer import smiles_tokenizer
from yaokit.pretrain.corpus import Targets
from yaokit.pretrain.order import Order
from yaokit.pretrain.stream import GROUPING, LENGTHS, Stream


@pytest.fixture
def stream(tmp_path):
    corpus = small_corpus(tmp_path, 100)
    targets = Targets(corpus, TARGET, {})
    targets.make(0, targets.missing(0))
    toy = Toy()
    toy.prepared = toy.prepare(corpus.smiles(0), targets.read(0))
    return Stream(corpus, toy, Order(corpus.sizes, 16, 10, 0), targets)


def _same(one, other) -> bool:
    return all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


def test_a_step_is_the_same_from_wherever_it_is_reached(stream):
    stretch = stream.order.stretch(0)
    every = list(stream.batches(stretch, 0, stretch.last))
    assert [step for step, _, _ in every] == list(range(stretch.last))
    assert sum(n for _, n, _ in every) == 90
    later = list(stream.batches(stretch, 3, 5))
    assert [step for step, _, _ in later] == [3, 4]
    assert all(_same(a[2], b[2]) for a, b in zip(every[3:5], later, strict=True))


def test_other_processes_make_the_same_batches(stream):
    stretch = stream.order.stretch(0)
    here = list(stream.batches(stretch, 0, stretch.last))
    stream.processes = 2
    there = list(stream.batches(stretch, 0, stretch.last))
    assert [a[:2] for a in here] == [tuple(b[:2]) for b in there]
    assert all(_same(a[2], b[2]) for a, b in zip(here, there, strict=True))


def test_devices_share_a_batch(stream):
    stretch = stream.order.stretch(0)
    parts = [next(stream.batches(stretch, 0, 1, rank, 2))[2][1] for rank in (0, 1)]
    (_, n, whole), *_ = stream.batches(stretch, 0, 1)
    assert len(parts[0]) + len(parts[1]) == n == len(whole[1])


def test_what_is_held_back_is_the_same_each_time(stream):
    first, second = list(stream.valid()), list(stream.valid())
    assert sum(n for n, _ in first) == 10
    assert all(_same(a[1], b[1]) for a, b in zip(first, second, strict=True))
    other = Stream(stream.corpus, stream.objective, replace(stream.order, seed=1), stream.targets)
    assert sum(n for n, _ in other.valid()) == 10


def test_batches_of_tokens_hold_little_padding():
    smiles = zinc(10_000)
    order = Order([len(smiles)], 128, 0, 0)
    batches = order.batches(order.stretch(0), LENGTHS[GROUPING](smiles))[:20]
    tokens = [[len(smiles_tokenizer().split(smiles[row])) for row in rows] for rows in batches]
    read = sum(len(lengths) * max(lengths) for lengths in tokens)
    assert 1 - sum(map(sum, tokens)) / read < 0.04
