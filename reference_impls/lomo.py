"""LOMO: gradient descent whose steps are taken during the backward pass, so that no two gradients are kept at a time (Lv et al. 2023)."""

import torch

from reference_impls._base import NonNegative, ReferenceOptimizer
from reference_impls._requests import Total, Whether


class LOMO(ReferenceOptimizer):
    def __init__(self, params, lr: NonNegative = 1e-3, clip_grad_norm: NonNegative = 0.0, clip_grad_value: NonNegative = 0.0,
                 weight_decay: NonNegative = 0.0, *, compile: bool = False):  # fmt: skip
        super().__init__(params, compile, lr=lr, clip_grad_norm=clip_grad_norm, clip_grad_value=clip_grad_value,
                         weight_decay=weight_decay)  # fmt: skip

    def update(self, theta, g, s, h):
        longest, largest = (torch.as_tensor(x, dtype=torch.float64) for x in (h.clip_grad_norm, h.clip_grad_value))
        c = torch.ones_like(longest)
        if (yield Whether(longest > 0)):
            # [C.n] gradient: one length for the whole model
            n = torch.sqrt((yield Total((g**2).sum())))
            # [C.c] gradient: what brings it down to the limit
            c = torch.where(longest > 0, torch.clamp(longest / (n + 1e-6), max=1), c)
        # [C.u] gradient: entries within their limit, then all shortened
        u = c * torch.where(largest > 0, torch.clamp(g, -largest, largest), g)
        # [C.theta] update: decay of the weights, then the step
        theta = theta * (1 - h.lr * h.weight_decay) - h.lr * u
        return theta
