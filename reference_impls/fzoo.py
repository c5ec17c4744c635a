"""FZOO: one-sided differences along several sign vectors, over the spread of their losses (Dang et al. 2025)."""

from typing import Annotated

import torch

from reference_impls._base import NonNegative, Positive, Range, ReferenceOptimizer
from reference_impls._requests import Draw, Value


class FZOO(ReferenceOptimizer):
    uses_gradient = False
    compiles = False

    def __init__(self, params, lr: NonNegative, eps: Positive = 1e-3, n: Annotated[int, Range("[2, inf)")] = 8, *, compile: bool = False):
        super().__init__(params, compile, lr=lr, eps=eps, n=n)

    def update(self, theta, g, s, h):
        # [P.l] gradient: the loss where we are
        base = yield Value(theta)
        e, losses = torch.zeros_like(theta), []
        for _ in range(h.n):
            # [P.u] gradient: a sign for each weight
            u = yield Draw("rademacher", theta)
            # [P.li] gradient: the loss one step along it
            losses.append((yield Value(theta + h.eps * u)))
            # [P.e] gradient: mean slope
            e = e + (losses[-1] - base) * u / (h.eps * h.n)
        # [P.sigma] learning rate: the steeper, the wider the losses lie
        losses = torch.stack(losses)
        sigma = losses.std()
        # [P.theta] update: equal losses say nothing; rounding may leave them a spread
        theta = theta - torch.where(losses.max() > losses.min(), h.lr * e / sigma, 0)
        return theta
