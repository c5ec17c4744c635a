"""DoG: SGD with the distance from the start over the root of all squared gradient norms as its step size (Ivgi et al. 2023)."""

import torch

from reference_impls._base import Buffer, Positive, ReferenceOptimizer
from reference_impls._requests import Total


class DoG(ReferenceOptimizer):
    buffers = ("x0", Buffer("r_bar", "scalar"), Buffer("v", "scalar"))

    def __init__(self, params, lr: Positive = 1.0, reps_rel: Positive = 1e-6, eps: Positive = 1e-8, *, compile: bool = False):
        super().__init__(params, compile, lr=lr, reps_rel=reps_rel, eps=eps)

    def start(self, theta, s, h):
        s.x0 = theta
        s.v = s.v + h.eps

    def update(self, theta, g, s, h):
        # [C.x0] learning rate: the start point is kept
        s.x0 = s.x0
        from_zero, from_start, gg = yield Total(torch.stack([(s.x0**2).sum(), ((theta - s.x0) ** 2).sum(), (g**2).sum()]))
        # [C.r_first] learning rate: a first distance, since none has been gone
        r_first = h.reps_rel * (1 + torch.sqrt(from_zero))
        # [C.r] learning rate: how far the whole model is from its start
        r = torch.sqrt(from_start)
        # [C.r_bar] learning rate: the largest distance so far
        s.r_bar = torch.where(s.t > 1, torch.maximum(s.r_bar, r), r_first)
        # [C.v] learning rate: sum of the squared norms
        s.v = s.v + gg
        # [C.eta] learning rate: distance over gradients
        eta = h.lr * s.r_bar / torch.sqrt(s.v)
        # [C.theta] update: a plain step
        theta = theta - eta * g
        return theta
