"""MeZO-SVRG: zeroth-order estimates, corrected at a point where one over all data is known (Gautam et al. 2024)."""

import torch

from reference_impls._base import Count, NonNegative, Positive, ReferenceOptimizer
from reference_impls._requests import Draw, Value, Whether


class MeZOSVRG(ReferenceOptimizer):
    buffers = ("w", "a")
    uses_gradient = False

    def __init__(self, params, lr: NonNegative, lr_minibatch: NonNegative = 1e-6, eps: Positive = 1e-3, update_frequency: Count = 2, *,
                 compile: bool = False):  # fmt: skip
        super().__init__(params, compile, lr=lr, lr_minibatch=lr_minibatch, eps=eps, update_frequency=update_frequency)

    def start(self, theta, s, h):
        s.w = theta

    def update(self, theta, g, s, h):
        due = (s.t - 1) % h.update_frequency == 0
        # [C.z] gradient: one direction for the whole model
        z = yield Draw("gaussian", theta)
        # [C.p] gradient: the slope along it, as a vector; with the sign at the number, one kernel goes up and down
        e = ((yield Value(theta + h.eps * z)) - (yield Value(theta + -h.eps * z))) / (2 * h.eps) * z
        # [C.w] gradient estimate: snapshot of the parameters
        s.w = torch.where(due, theta, s.w)
        # [C.y] gradient estimate: a second direction
        y = yield Draw("gaussian", s.w)
        # [C.r] gradient estimate: the same samples at the snapshot, where a tensor needs it
        b = torch.zeros_like(theta)
        if (yield Whether(~due)):
            b = ((yield Value(s.w + h.eps * y)) - (yield Value(s.w + -h.eps * y))) / (2 * h.eps) * y
        # [C.a] gradient estimate: what all data say at the snapshot
        s.a = torch.where(due, e, s.a)
        # [C.theta] update: two kinds of steps with a learning rate each
        theta = theta - torch.where(due, h.lr * s.a, h.lr_minibatch * (e - b + s.a))
        return theta
