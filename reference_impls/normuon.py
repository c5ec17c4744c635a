"""NorMuon: Muon's orthogonal update with each row divided by its running size, as Adam does for entries (Li et al. 2025)."""

from typing import Annotated

import torch

from reference_impls._base import Buffer, Count, Fraction, NonNegative, Range, ReferenceOptimizer
from reference_impls._matrices import newton_schulz

Quintic = Annotated[tuple[float, float, float], Range("(-inf, inf)")]


class NorMuon(ReferenceOptimizer):
    buffers = ("m", Buffer("v", ("rows", 1)))
    elementwise = False

    def __init__(self, params, lr: NonNegative = 0.02, beta1: Fraction = 0.95, beta2: Fraction = 0.95, eps: NonNegative = 1e-10,
                 ns_steps: Count = 5, ns_coefficients: Quintic = (3.4445, -4.775, 2.0315), weight_decay: NonNegative = 0.0,
                 *, compile: bool = False):  # fmt: skip
        super().__init__(params, compile, lr=lr, beta1=beta1, beta2=beta2, eps=eps, ns_steps=ns_steps,
                         ns_coefficients=ns_coefficients, weight_decay=weight_decay)  # fmt: skip

    def update(self, theta, g, s, h):
        # [A1.m] gradient estimate: running mean
        s.m = h.beta1 * s.m + (1 - h.beta1) * g
        # [A1.o] gradient estimate: all directions about equally long
        o = newton_schulz(s.m, h.ns_coefficients, h.ns_steps)
        # [A1.v] learning rate: running mean of each row's squares
        s.v = h.beta2 * s.v + (1 - h.beta2) * (o**2).mean(-1, keepdim=True)
        # [A1.o_hat] learning rate: rows of like size
        o_hat = o / (torch.sqrt(s.v) + h.eps)
        # [A1.n] learning rate: length of the whole update
        n = torch.linalg.matrix_norm(o_hat, keepdim=True)
        # [A1.eta] learning rate: a root mean square of 0.2
        eta = torch.where(n > 0, 0.2 * h.lr * (o.shape[-2] * o.shape[-1]) ** 0.5 / n, 0)
        # [A1.theta] update: decay of the weights and the step
        theta = theta - h.lr * h.weight_decay * theta - eta * o_hat
        return theta
