"""Prodigy: Adam whose step is as long as an estimate of the distance to the solution (Mishchenko and Defazio 2023)."""

import torch

from reference_impls._base import Buffer, Decays, Positive, ReferenceOptimizer
from reference_impls._requests import Total


class Prodigy(ReferenceOptimizer):
    buffers = ("m", "v", Buffer("r", "scalar"), "s", Buffer("d", "scalar"), "x0")

    def __init__(self, params, lr: Positive = 1.0, betas: Decays = (0.9, 0.999), eps: Positive = 1e-8, d0: Positive = 1e-6,
                 d_coef: Positive = 1.0, *, compile: bool = False):  # fmt: skip
        super().__init__(params, compile, lr=lr, betas=betas, eps=eps, d0=d0, d_coef=d_coef)

    def start(self, theta, s, h):
        s.d = s.d + h.d0
        s.x0 = theta

    def update(self, theta, g, s, h):
        beta1, beta2 = h.betas
        d = s.d
        # [C.m] gradient estimate: running mean, each gradient with the estimate of its time
        s.m = beta1 * s.m + (1 - beta1) * d * g
        # [C.v] learning rate: running mean of the squares
        s.v = beta2 * s.v + (1 - beta2) * d**2 * g**2
        # [C.x0] learning rate: the start point is kept
        s.x0 = s.x0
        weighted = beta2**0.5 * s.s + h.lr * d**2 / h.d0 * g
        along, size = yield Total(torch.stack([(g * (s.x0 - theta)).sum(), torch.abs(weighted).sum()]))
        # [C.r] learning rate: how far the way so far went along the gradients
        s.r = beta2**0.5 * s.r + h.lr * d**2 / h.d0 * along
        # [C.s] learning rate: weighted sum of the gradients
        s.s = weighted
        # [C.s_norm] learning rate: one number for the whole model
        s_norm = size
        # [C.d_hat] learning rate: the solution is at least so far away
        d_hat = torch.where(s_norm > 0, h.d_coef * s.r / s_norm, d)
        # [C.d] learning rate: it never shrinks
        s.d = torch.maximum(d, d_hat)
        # [C.theta] update: a step of Adam, as long as the estimate
        theta = theta - h.lr * d * s.m / (torch.sqrt(s.v) + s.d * h.eps)
        return theta
