"""AdaLomo: LOMO with Adafactor's factored second moment, and steps clipped and scaled tensor by tensor (Lv et al. 2023)."""

from typing import Annotated

import torch

from reference_impls._base import Buffer, NonNegative, Positive, Range, ReferenceOptimizer


class AdaLomo(ReferenceOptimizer):
    buffers = (Buffer("r", ("rows", 1), "matrices"), Buffer("c", (1, "cols"), "matrices"), Buffer("v", applies_to="vectors"))
    elementwise = False

    def __init__(self, params, lr: NonNegative = 1e-3, beta2_decay: Annotated[float, Range("(-inf, 0)")] = -0.8,
                 eps1: NonNegative = 1e-30, eps2: NonNegative = 1e-3, d: Positive = 1.0, weight_decay: NonNegative = 0.0,
                 *, compile: bool = False):  # fmt: skip
        super().__init__(params, compile, lr=lr, beta2_decay=beta2_decay, eps1=eps1, eps2=eps2, d=d, weight_decay=weight_decay)

    def update(self, theta, g, s, h):
        # [C.beta2] learning rate: zero at first, so nothing has to be corrected
        beta2 = 1 - s.t**h.beta2_decay
        if theta.dim() >= 2:
            # [A1.r] learning rate: running mean of row sums
            s.r = beta2 * s.r + (1 - beta2) * (g**2 + h.eps1).sum(-1, keepdim=True)
            # [A1.c] learning rate: running mean of column sums
            s.c = beta2 * s.c + (1 - beta2) * (g**2 + h.eps1).sum(-2, keepdim=True)
            # [A1.v_hat] learning rate: the matrix of rank one with these sums (a product of tiny ones would be 0)
            v_hat = s.r / s.r.sum(-2, keepdim=True) * s.c
        else:
            # [C.v] learning rate: a vector keeps all of its second moment
            s.v = beta2 * s.v + (1 - beta2) * (g**2 + h.eps1)
        if theta.dim() >= 2:
            # [A1.u] learning rate: step of a matrix before clipping
            u = g / torch.sqrt(v_hat)
        else:
            # [C.u] learning rate: step of a vector before clipping
            u = g / torch.sqrt(s.v)
        # [A1.u_hat] learning rate: no larger than its limit, as a whole
        u_hat = u / (rms(u) / h.d).clamp(min=1)
        # [A1.alpha] learning rate: relative to the size of the weights
        alpha = h.lr * rms(theta).clamp(min=h.eps2)
        # [A1.theta] update: decay of the weights, then the step
        theta = theta * (1 - alpha * h.weight_decay) - alpha * u_hat
        return theta


def rms(x):
    """Root mean square of all entries."""
    return torch.sqrt((x**2).mean())
