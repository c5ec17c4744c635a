"""Sophia: momentum over an estimated diagonal of the Hessian, clipped in every coordinate (Liu et al. 2023)."""

import torch

from reference_impls._base import Count, Decays, NonNegative, Positive, ReferenceOptimizer
from reference_impls._requests import Draw, Hvp, Whether


class Sophia(ReferenceOptimizer):
    buffers = ("m", "h")

    def __init__(self, params, lr: NonNegative = 1e-4, betas: Decays = (0.96, 0.99), gamma: Positive = 0.01, eps: Positive = 1e-12,
                 weight_decay: NonNegative = 0.1, update_interval: Count = 10, *, compile: bool = False):  # fmt: skip
        super().__init__(params, compile, lr=lr, betas=betas, gamma=gamma, eps=eps, weight_decay=weight_decay,
                         update_interval=update_interval)  # fmt: skip

    def update(self, theta, g, s, h):
        beta1, beta2 = h.betas
        due = (s.t - 1) % h.update_interval == 0
        # [A3.m] gradient estimate: running mean
        s.m = beta1 * s.m + (1 - beta1) * g
        if (yield Whether(due)):
            # [A1.u] learning rate: a random direction, in the few steps where a tensor is due
            u = yield Draw("gaussian", g)
            # [A1.h_hat] learning rate: its mean over the directions is the diagonal
            h_hat = u * (yield Hvp(theta, u))
            # [A3.h] learning rate: running mean
            s.h = torch.where(due, beta2 * s.h + (1 - beta2) * h_hat, s.h)
        # [A3.theta_bar] update: decay of the weights
        theta_bar = theta - h.lr * h.weight_decay * theta
        # [A3.theta] update: where curvature is small or negative, the clip holds
        theta = theta_bar - h.lr * (s.m / (h.gamma * s.h).clamp(min=h.eps)).clamp(-1, 1)
        return theta
