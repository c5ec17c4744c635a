"""Quasi-Newton: pairs of changes as rows of a history, and their inverse Hessian times a vector."""

from collections.abc import Generator
from typing import Any

import torch
from torch import Tensor

from reference_impls._requests import Total


def appended(history: Tensor, x: Tensor, keep: Tensor) -> Tensor:
    """The rows of `history`, newest last, with `x` as the newest and without the oldest, if `keep` holds."""
    return torch.where(keep, torch.cat((history[1:], x.reshape(1, -1))), history)


def two_loops(ss: Tensor, ys: Tensor, g: Tensor) -> Generator[Any, Tensor, Tensor]:
    """The product of the limited-memory BFGS inverse Hessian and `g` (Nocedal 1980), over the whole model: `yield from` it in a rule.

    `ss` and `ys` hold this tensor's part of the pairs, newest last; rows of zeros are no pairs. The inverse Hessian before the pairs
    is sᵀy/yᵀy of the newest one, times the identity.
    """
    curvatures = yield Total((ss * ys).sum(1))
    rho = torch.where(curvatures != 0, 1 / curvatures, 0)
    r, alphas = g.flatten(), list[Tensor]()
    for s, y, weight in reversed(list(zip(ss, ys, rho, strict=True))):
        alphas.append(weight * (yield Total((s * r).sum())))
        r = r - alphas[-1] * y
    square = yield Total((ys[-1] ** 2).sum())
    r = r * torch.where(rho[-1] != 0, curvatures[-1] / square, 1)
    for s, y, weight in zip(ss, ys, rho, strict=True):
        r = r + (alphas.pop() - weight * (yield Total((y * r).sum()))) * s
    return r.view_as(g)
