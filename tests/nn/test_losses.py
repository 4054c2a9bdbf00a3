"""Losses of many tasks, with values that are missing, bounds or weighted."""

import math

import pytest
import torch
from torch.nn import functional

from yaokit.nn.losses import class_loss, multitask_loss, regression_loss

NAN = math.nan


def loss(output, values, bounds=None, weights=None, classes=(False,), **settings) -> float:
    values = torch.tensor(values)
    bounds = torch.zeros_like(values) if bounds is None else torch.tensor(bounds)
    weights = torch.ones_like(values) if weights is None else torch.tensor(weights)
    return multitask_loss(
        torch.tensor(output), values, bounds, weights, torch.tensor(classes), **settings
    ).item()


def test_it_is_the_mean_of_the_known_values():
    assert loss([[1.0], [5.0], [4.0]], [[3.0], [NAN], [4.0]]) == pytest.approx((4 + 0) / 2)


def test_nothing_known_is_no_loss_and_no_gradient():
    output = torch.tensor([[1.0]], requires_grad=True)
    values = torch.tensor([[NAN]])
    found = multitask_loss(output, values, values * 0, torch.ones(1, 1), torch.tensor([False]))
    found.backward()
    assert found.item() == 0
    assert output.grad is not None
    assert output.grad.item() == 0


def test_a_weight_counts_a_value_that_often():
    twice = loss([[0.0], [0.0], [0.0]], [[1.0], [1.0], [3.0]])
    assert loss([[0.0], [0.0]], [[1.0], [3.0]], weights=[[2.0], [1.0]]) == pytest.approx(twice)


@pytest.mark.parametrize(
    ("bound", "output", "wanted"), [(1.0, 7.0, 0.0), (1.0, 3.0, 4.0), (-1.0, 3.0, 0.0), (-1.0, 7.0, 4.0)]
)
def test_a_bound_pulls_only_from_the_wrong_side(bound: float, output: float, wanted: float):
    assert loss([[output]], [[5.0]], bounds=[[bound]]) == wanted


def test_huber_is_square_near_and_straight_far():
    zero = torch.zeros(4)
    found = regression_loss(torch.tensor([0.5, 1.0, 2.0, 3.0]), zero, zero, huber=1.0)
    assert found.tolist() == [0.25, 1.0, 3.0, 5.0]  # twice torch's, whose square has a half
    wanted = 2 * functional.huber_loss(torch.tensor([0.5, 1.0, 2.0, 3.0]), zero, reduction="none", delta=1.0)
    assert found.tolist() == wanted.tolist()


def test_classes_and_numbers_stand_side_by_side():
    found = loss([[0.0, 2.0]], [[1.0, 1.0]], classes=(True, False))
    assert found == pytest.approx((math.log(2) + 1) / 2)


def test_focal_loss_counts_what_is_right_less():
    logits, truth = torch.tensor([2.0, -2.0]), torch.ones(2)
    p = torch.sigmoid(logits)
    wanted = -((1 - p) ** 2) * torch.log(p)  # Lin 2017, eq. 4
    assert class_loss(logits, truth, 2.0).tolist() == pytest.approx(wanted.tolist(), rel=1e-5)
    assert class_loss(logits, truth, 0.0).tolist() == pytest.approx((-torch.log(p)).tolist(), rel=1e-5)
