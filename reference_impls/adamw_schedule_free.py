"""Schedule-Free AdamW: gradients taken between the iterates and their average stand in for momentum and schedule (Defazio et al. 2024)."""

from typing import Annotated

import torch

from reference_impls._base import Buffer, Decays, NonNegative, Range, ReferenceOptimizer


class AdamWScheduleFree(ReferenceOptimizer):
    buffers = ("z", "x", "v", Buffer("w", "scalar"))

    def __init__(self, params, lr: NonNegative = 2.5e-3, betas: Decays = (0.9, 0.999), eps: NonNegative = 1e-8,
                 weight_decay: NonNegative = 0.0, warmup_steps: Annotated[int, Range("[0, inf)")] = 0, *,
                 compile: bool = False):  # fmt: skip
        super().__init__(params, compile, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay, warmup_steps=warmup_steps)

    def start(self, theta, s, h):
        s.z = s.x = theta

    def update(self, theta, g, s, h):
        beta1, beta2 = h.betas
        # [A1.v] learning rate: running mean of the squares
        s.v = beta2 * s.v + (1 - beta2) * g**2
        # [A1.gamma] learning rate: undo the start at zero, and warm up
        gamma = h.lr * torch.sqrt(1 - beta2**s.t) * (s.t / max(h.warmup_steps, 1)).clamp(max=1)
        # [A1.z] update: a step from where the steps are taken, with the gradient and the decay at theta
        s.z = s.z - gamma * g / (torch.sqrt(s.v) + h.eps) - gamma * h.weight_decay * theta
        # [A1.w] update: sum of all weights
        s.w = s.w + gamma**2
        # [A1.c] update: weight of the newest
        c = torch.where(s.w > 0, gamma**2 / s.w, 0)
        # [A1.x] update: the average, which is evaluated and kept
        s.x = (1 - c) * s.x + c * s.z
        # [A1.theta] update: where the next gradient is taken
        theta = (1 - beta1) * s.z + beta1 * s.x
        return theta

    def averaged(self, theta, s, h):
        return s.x
