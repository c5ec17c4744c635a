"""Ranger: the steps of RAdam inside Lookahead (Wright 2019)."""

from typing import Annotated

import torch

from reference_impls._base import Count, Decays, NonNegative, Positive, Range, ReferenceOptimizer
from reference_impls._matrices import refreshed


class Ranger(ReferenceOptimizer):
    buffers = ("m", "v", "slow")

    def __init__(self, params, lr: NonNegative = 1e-3, alpha: Annotated[float, Range("[0, 1]")] = 0.5, k: Count = 6,
                 n_sma_threshold: Annotated[float, Range("[4, inf)")] = 5.0, betas: Decays = (0.95, 0.999), eps: Positive = 1e-5,
                 weight_decay: NonNegative = 0.0, *, compile: bool = False):  # fmt: skip
        super().__init__(params, compile, lr=lr, alpha=alpha, k=k, n_sma_threshold=n_sma_threshold, betas=betas, eps=eps,
                         weight_decay=weight_decay)  # fmt: skip

    def start(self, theta, s, h):
        s.slow = theta

    def update(self, theta, g, s, h):
        beta1, beta2 = h.betas
        synchronize = s.t % h.k == 0
        # [C.v] learning rate: running mean of the squares
        s.v = beta2 * s.v + (1 - beta2) * g**2
        # [C.m] gradient estimate: running mean
        s.m = beta1 * s.m + (1 - beta1) * g
        # [C.m_hat] gradient estimate: undo the start at zero
        m_hat = s.m / (1 - beta1**s.t)
        # [C.rho_inf] learning rate: greatest length of the averaging window
        rho_inf = 2 / (1 - beta2) - 1
        # [C.rho] learning rate: length of the window so far
        rho = rho_inf - 2 * s.t * beta2**s.t / (1 - beta2**s.t)
        # [C.l] learning rate: adaptive only once the window is long enough
        adaptive = rho > h.n_sma_threshold
        l = refreshed(adaptive, lambda: torch.sqrt(1 - beta2**s.t) / (torch.sqrt(s.v) + h.eps), theta.new_ones(()))
        # [C.r] learning rate: holds the variance of the step constant
        r = torch.where(adaptive, torch.sqrt((rho - 4) * (rho - 2) * rho_inf / ((rho_inf - 4) * (rho_inf - 2) * rho)), 1)
        # [C.fast] update: the step of RAdam
        fast = theta - h.lr * h.weight_decay * theta - h.lr * r * m_hat * l
        # [C.slow] update: a share of the way, every k steps
        s.slow = refreshed(synchronize, lambda: s.slow + h.alpha * (fast - s.slow), s.slow)
        # [C.theta] update: RAdam goes on from the slow weights
        theta = refreshed(synchronize, lambda: s.slow, fast)
        return theta
