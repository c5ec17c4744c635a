"""Schedule-Free SGD: gradients taken between the iterates and their average stand in for momentum and schedule (Defazio et al. 2024)."""

from typing import Annotated

import torch

from reference_impls._base import Buffer, NonNegative, Range, ReferenceOptimizer


class SGDScheduleFree(ReferenceOptimizer):
    buffers = ("z", "x", Buffer("w", "scalar"))

    def __init__(self, params, lr: NonNegative = 1.0, momentum: Annotated[float, Range("[0, 1]")] = 0.9, weight_decay: NonNegative = 0.0,
                 warmup_steps: Annotated[int, Range("[0, inf)")] = 0, *, compile: bool = False):  # fmt: skip
        super().__init__(params, compile, lr=lr, momentum=momentum, weight_decay=weight_decay, warmup_steps=warmup_steps)

    def start(self, theta, s, h):
        s.z = s.x = theta

    def update(self, theta, g, s, h):
        # [S4.d] gradient: the penalty's gradient is added, where the gradient was taken
        d = g + h.weight_decay * theta
        # [S4.gamma] learning rate: warm-up
        gamma = h.lr * (s.t / max(h.warmup_steps, 1)).clamp(max=1)
        # [S2.z] update: a step from where the steps are taken
        s.z = s.z - gamma * d
        # [S4.w] update: sum of all weights
        s.w = s.w + gamma**2
        # [S4.c] update: weight of the newest
        c = torch.where(s.w > 0, gamma**2 / s.w, 0)
        # [S2.x] update: the average, which is evaluated and kept
        s.x = (1 - c) * s.x + c * s.z
        # [S2.theta] update: where the next gradient is taken
        theta = (1 - h.momentum) * s.z + h.momentum * s.x
        return theta

    def averaged(self, theta, s, h):
        return s.x
