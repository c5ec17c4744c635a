"""Nadam: Adam with Nesterov's momentum, applied with a coefficient that follows a schedule (Dozat 2016)."""

import torch

from reference_impls._base import Buffer, Decays, NonNegative, ReferenceOptimizer


class Nadam(ReferenceOptimizer):
    buffers = (Buffer("mu_product", "scalar"), "m", "n")

    def __init__(self, params, lr: NonNegative = 2e-3, betas: Decays = (0.9, 0.999), eps: NonNegative = 1e-8,
                 momentum_decay: NonNegative = 4e-3, *, compile: bool = False):  # fmt: skip
        super().__init__(params, compile, lr=lr, betas=betas, eps=eps, momentum_decay=momentum_decay)

    def start(self, theta, s, h):
        s.mu_product = torch.ones_like(s.mu_product)

    def update(self, theta, g, s, h):
        beta1, beta2 = h.betas
        # [C.mu] gradient estimate: momentum rises from half of beta1 to beta1
        mu = beta1 * (1 - 0.5 * 0.96 ** (s.t * h.momentum_decay))
        # [C.mu_next] gradient estimate: that of the next step, applied already now
        mu_next = beta1 * (1 - 0.5 * 0.96 ** ((s.t + 1) * h.momentum_decay))
        # [C.mu_product] gradient estimate: takes the place of beta1**t in Adam
        s.mu_product = s.mu_product * mu
        # [C.m] gradient estimate: running mean
        s.m = beta1 * s.m + (1 - beta1) * g
        # [C.n] learning rate: running mean of the squares
        s.n = beta2 * s.n + (1 - beta2) * g**2
        # [C.m_hat] gradient estimate: look one step ahead and undo the start at zero
        m_hat = mu_next / (1 - s.mu_product * mu_next) * s.m + (1 - mu) / (1 - s.mu_product) * g
        # [C.n_hat] learning rate: undo the start at zero
        n_hat = s.n / (1 - beta2**s.t)
        # [C.theta] update: as in Adam
        theta = theta - h.lr * m_hat / (torch.sqrt(n_hat) + h.eps)
        return theta
