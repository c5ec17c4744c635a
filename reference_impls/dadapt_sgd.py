"""D-Adapt SGD: SGD whose learning rate is a growing bound of the distance to the solution (Defazio and Mishchenko 2023)."""

import torch

from reference_impls._base import Buffer, Fraction, Positive, ReferenceOptimizer
from reference_impls._requests import Total


class DAdaptSGD(ReferenceOptimizer):
    buffers = (Buffer("g0_norm", "scalar"), Buffer("r", "scalar"), "s", Buffer("d", "scalar"), "x0")

    def __init__(self, params, lr: Positive = 1.0, momentum: Fraction = 0.0, d0: Positive = 1e-6, *, compile: bool = False):
        super().__init__(params, compile, lr=lr, momentum=momentum, d0=d0)

    def start(self, theta, s, h):
        s.d = s.d + h.d0
        s.x0 = theta

    def update(self, theta, g, s, h):
        gg, gs = yield Total(torch.stack([(g**2).sum(), (g * s.s).sum()]))
        # [C.g0_norm] learning rate: the first gradient sets the scale
        s.g0_norm = torch.where(s.g0_norm > 0, s.g0_norm, torch.sqrt(gg))
        # [C.lam] learning rate: as long as the distance is thought to be
        lam = torch.where(s.g0_norm > 0, h.lr * s.d / s.g0_norm, 0.0)
        # [C.r] learning rate: how far the way so far went along the gradients
        s.r = s.r + lam * gs
        # [C.s] gradient estimate: weighted sum since the start
        s.s = s.s + lam * g
        # [C.s_norm] learning rate: one number for the whole model
        s_norm = torch.sqrt((yield Total((s.s**2).sum())))
        # [C.d_hat] learning rate: the solution is at least so far away
        d_hat = torch.where(s_norm > 0, 2 * s.r / s_norm, s.d)
        # [C.d] learning rate: it never shrinks
        s.d = torch.maximum(s.d, d_hat)
        # [C.x0] update: the start point is kept
        s.x0 = s.x0
        # [C.theta] update: momentum as a running mean of the points
        theta = h.momentum * theta + (1 - h.momentum) * (s.x0 - s.s)
        return theta
