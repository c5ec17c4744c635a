"""SVRG: the gradient of a few samples, corrected by its error at a point where that of all is known (Johnson and Zhang 2013)."""

import torch

from reference_impls._base import Count, NonNegative, ReferenceOptimizer
from reference_impls._requests import FullGradient, Gradient, Whether


class SVRG(ReferenceOptimizer):
    buffers = ("w", "mu")

    def __init__(self, params, lr: NonNegative, update_frequency: Count, *, compile: bool = False):
        super().__init__(params, compile, lr=lr, update_frequency=update_frequency)

    def start(self, theta, s, h):
        s.w = theta

    def update(self, theta, g, s, h):
        due = (s.t - 1) % h.update_frequency == 0
        # [P.w] gradient estimate: snapshot of the parameters
        s.w = torch.where(due, theta, s.w)
        # [P.mu] gradient estimate: a pass over all data, where a tensor is due
        if (yield Whether(due)):
            s.mu = torch.where(due, (yield FullGradient(s.w)), s.mu)
        # [P.s] gradient estimate: the same samples at the snapshot
        old = yield Gradient(s.w)
        # [P.u] gradient estimate: the less noise, the nearer the snapshot
        u = g - old + s.mu
        # [P.theta] update: one step along it
        theta = theta - h.lr * u
        return theta
