"""CAME: Adafactor with momentum, and shorter steps where update and momentum differ (Luo et al. 2023)."""

from typing import Annotated

import torch

from reference_impls._base import Buffer, NonNegative, Positive, Range, ReferenceOptimizer

Three = Annotated[tuple[float, float, float], Range("[0, 1)")]


class CAME(ReferenceOptimizer):
    buffers = ("m", *(Buffer(n, ("rows", 1), "matrices") for n in ("r", "r_res")),
               *(Buffer(n, (1, "cols"), "matrices") for n in ("c", "c_res")), Buffer("v", applies_to="vectors"))  # fmt: skip
    elementwise = False

    def __init__(self, params, lr: NonNegative = 2e-4, betas: Three = (0.9, 0.999, 0.9999), eps1: NonNegative = 1e-30,
                 eps2: NonNegative = 1e-16, d: Positive = 1.0, *, compile: bool = False):  # fmt: skip
        super().__init__(params, compile, lr=lr, betas=betas, eps1=eps1, eps2=eps2, d=d)

    def update(self, theta, g, s, h):
        beta1, beta2, beta3 = h.betas
        if theta.dim() >= 2:
            # [A2.r] learning rate: running mean of row sums
            s.r = beta2 * s.r + (1 - beta2) * (g**2 + h.eps1).sum(-1, keepdim=True)
            # [A2.c] learning rate: running mean of column sums
            s.c = beta2 * s.c + (1 - beta2) * (g**2 + h.eps1).sum(-2, keepdim=True)
            # [A2.v_hat] learning rate: the matrix of rank one with these sums (a product of tiny ones would be 0)
            v_hat = s.r / s.r.sum(-2, keepdim=True) * s.c
        else:
            # [C.v] learning rate: a vector keeps all of its second moment
            s.v = beta2 * s.v + (1 - beta2) * (g**2 + h.eps1)
        if theta.dim() >= 2:
            # [A2.u] learning rate: step of a matrix before clipping
            u = g / torch.sqrt(v_hat)
        else:
            # [C.u] learning rate: step of a vector before clipping
            u = g / torch.sqrt(s.v)
        # [A2.u_hat] learning rate: a large step is cut
        u_hat = u / (torch.sqrt((u**2).mean()) / h.d).clamp(min=1)
        # [A2.m] gradient estimate: running mean of the steps
        s.m = beta1 * s.m + (1 - beta1) * u_hat
        if theta.dim() >= 2:
            # [A2.res] learning rate: how far step and mean differ
            res = (u_hat - s.m) ** 2
            # [A2.r_res] learning rate: running mean of its row sums
            s.r_res = beta3 * s.r_res + (1 - beta3) * (res + h.eps2).sum(-1, keepdim=True)
            # [A2.c_res] learning rate: running mean of its column sums
            s.c_res = beta3 * s.c_res + (1 - beta3) * (res + h.eps2).sum(-2, keepdim=True)
            # [A2.s] learning rate: the matrix of rank one with these sums
            instability = s.r_res / s.r_res.sum(-2, keepdim=True) * s.c_res
            # [A2.theta] update: the mean step, shorter where it cannot be trusted
            theta = theta - h.lr * s.m / torch.sqrt(instability)
        else:
            # [C.theta] update: the mean step of a vector
            theta = theta - h.lr * s.m
        return theta
