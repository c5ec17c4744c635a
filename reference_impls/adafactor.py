"""Adafactor: second moments of a matrix from its row and column sums, and steps relative to the weights (Shazeer and Stern 2018)."""

from typing import Annotated

import torch

from reference_impls._base import Buffer, NonNegative, Positive, Range, ReferenceOptimizer


class Adafactor(ReferenceOptimizer):
    buffers = (Buffer("r", ("rows", 1), "matrices"), Buffer("c", (1, "cols"), "matrices"), Buffer("v", applies_to="vectors"))
    elementwise = False

    def __init__(self, params, lr: NonNegative = 1e-2, beta2_decay: Annotated[float, Range("(-inf, 0)")] = -0.8,
                 eps1: NonNegative = 1e-30, eps2: NonNegative = 1e-3, d: Positive = 1.0, *, compile: bool = False):  # fmt: skip
        super().__init__(params, compile, lr=lr, beta2_decay=beta2_decay, eps1=eps1, eps2=eps2, d=d)

    def update(self, theta, g, s, h):
        # [A6.rho] learning rate: relative step size
        rho = (1 / torch.sqrt(s.t)).clamp(max=h.lr)
        # [A6.beta2_hat] learning rate: zero at first, so nothing has to be corrected
        beta2_hat = 1 - s.t**h.beta2_decay
        # [A4.alpha] learning rate: relative to the size of the weights
        alpha = rms(theta).clamp(min=h.eps2) * rho
        if theta.dim() >= 2:
            # [A4.r] learning rate: running mean of row sums
            s.r = beta2_hat * s.r + (1 - beta2_hat) * (g**2 + h.eps1).sum(-1, keepdim=True)
            # [A4.c] learning rate: running mean of column sums
            s.c = beta2_hat * s.c + (1 - beta2_hat) * (g**2 + h.eps1).sum(-2, keepdim=True)
            # [A4.v_hat] learning rate: the matrix of rank one with these sums (a product of tiny ones would be 0)
            v_hat = s.r / s.r.sum(-2, keepdim=True) * s.c
        else:
            # [A5.v] learning rate: a vector keeps all of its second moment
            s.v = beta2_hat * s.v + (1 - beta2_hat) * (g**2 + h.eps1)
        if theta.dim() >= 2:
            # [A4.u] learning rate: step of a matrix before clipping
            u = g / torch.sqrt(v_hat)
        else:
            # [A5.u] learning rate: step of a vector before clipping
            u = g / torch.sqrt(s.v)
        # [A4.u_hat] learning rate: a step much larger than its running mean is cut
        u_hat = u / (rms(u) / h.d).clamp(min=1)
        # [A4.theta] update: a share of the weights' size
        theta = theta - alpha * u_hat
        return theta


def rms(x):
    """Root mean square of all entries."""
    return torch.sqrt((x**2).mean())
