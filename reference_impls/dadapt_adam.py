"""D-Adapt Adam: Adam whose step is as long as an estimate of the distance to the solution (Defazio and Mishchenko 2023)."""

import torch

from reference_impls._base import Buffer, Decays, Positive, ReferenceOptimizer
from reference_impls._requests import Total


class DAdaptAdam(ReferenceOptimizer):
    buffers = (Buffer("r", "scalar"), "m", "v", "s", Buffer("d", "scalar"))

    def __init__(self, params, lr: Positive = 1.0, betas: Decays = (0.9, 0.999), eps: Positive = 1e-8, d0: Positive = 1e-6,
                 *, compile: bool = False):  # fmt: skip
        super().__init__(params, compile, lr=lr, betas=betas, eps=eps, d0=d0)

    def start(self, theta, s, h):
        s.d = s.d + h.d0

    def update(self, theta, g, s, h):
        beta1, beta2 = h.betas
        root = beta2**0.5
        # [C.lam] learning rate: as long as the distance is thought to be
        lam = h.lr * s.d
        weighted = root * s.s + (1 - root) * lam * g
        along, size = yield Total(torch.stack([(g * s.s / (torch.sqrt(s.v) + h.eps)).sum(), torch.abs(weighted).sum()]))
        # [C.r] learning rate: how far the way so far went along the gradients
        s.r = root * s.r + (1 - root) * lam * along
        # [C.m] gradient estimate: running mean, each gradient with the step size of its time
        s.m = beta1 * s.m + (1 - beta1) * lam * g
        # [C.v] learning rate: running mean of the squares
        s.v = beta2 * s.v + (1 - beta2) * g**2
        # [C.s] learning rate: running mean over a longer time
        s.s = weighted
        # [C.s_norm] learning rate: one number for the whole model
        s_norm = size
        # [C.d_hat] learning rate: the solution is at least so far away
        d_hat = torch.where(s_norm > 0, s.r / ((1 - root) * s_norm), s.d)
        # [C.d] learning rate: it never shrinks
        s.d = torch.maximum(s.d, d_hat)
        # [C.theta] update: a step of Adam
        theta = theta - s.m / (torch.sqrt(s.v) + h.eps)
        return theta
