"""What networks are judged by while they learn: many tasks, missing, censored and weighted values."""

import torch
from torch.nn import functional


def multitask_loss(
    output: torch.Tensor,
    values: torch.Tensor,
    bounds: torch.Tensor,
    weights: torch.Tensor,
    is_class: torch.Tensor,
    *,
    huber: float | None = None,
    gamma: float = 0.0,
) -> torch.Tensor:
    """The weighted mean loss of the known values.

    All (n, tasks) but `is_class` (tasks,) bool; `values` NaN = unknown, `bounds` as in Targets.
    Regression: squared error, beyond `huber` growing only linearly; no error where the output lies
    beyond a bound. Classes: `output` is a logit; `gamma` > 0 is focal loss (Lin 2017,
    arXiv:1708.02002), which counts what is already right less.
    """
    known = ~torch.isnan(values)
    wanted = torch.where(known, values, torch.zeros_like(values))
    weights = torch.where(known, weights, torch.zeros_like(weights))
    every = torch.zeros_like(output)
    if not is_class.all():
        every = regression_loss(output, wanted, bounds, huber)
    if is_class.any():
        every = torch.where(is_class, class_loss(output, wanted, gamma), every)
    return (every * weights).sum() / weights.sum().clamp(min=1e-12)


def regression_loss(
    output: torch.Tensor, wanted: torch.Tensor, bounds: torch.Tensor, huber: float | None
) -> torch.Tensor:
    """One loss a value: the square of the error, or of what is missing to a bound."""
    error = output - wanted
    error = torch.where(bounds > 0, error.clamp(max=0), error)
    error = torch.where(bounds < 0, error.clamp(min=0), error)
    if huber is None:
        return error.square()
    far = error.abs()
    return torch.where(far <= huber, far.square(), huber * (2 * far - huber))


def class_loss(output: torch.Tensor, wanted: torch.Tensor, gamma: float) -> torch.Tensor:
    """One loss a value: cross entropy, times (1 - probability of the truth) ** gamma."""
    loss = functional.binary_cross_entropy_with_logits(output, wanted, reduction="none")
    if gamma == 0:
        return loss
    return loss * (1 - torch.exp(-loss)) ** gamma
