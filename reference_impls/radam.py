"""RAdam: Adam whose step is rectified, and not adaptive at all while the second moment rests on few samples (Liu et al. 2019)."""

import torch

from reference_impls._base import Decays, NonNegative, ReferenceOptimizer
from reference_impls._matrices import refreshed


class RAdam(ReferenceOptimizer):
    buffers = ("m", "v")

    def __init__(self, params, lr: NonNegative = 1e-3, betas: Decays = (0.9, 0.999), eps: NonNegative = 1e-8, *, compile: bool = False):
        super().__init__(params, compile, lr=lr, betas=betas, eps=eps)

    def update(self, theta, g, s, h):
        beta1, beta2 = h.betas
        # [A2.rho_inf] learning rate: greatest length of the averaging window
        rho_inf = 2 / (1 - beta2) - 1
        # [A2.v] learning rate: running mean of the squares
        s.v = beta2 * s.v + (1 - beta2) * g**2
        # [A2.m] gradient estimate: running mean
        s.m = beta1 * s.m + (1 - beta1) * g
        # [A2.m_hat] gradient estimate: undo the start at zero
        m_hat = s.m / (1 - beta1**s.t)
        # [A2.rho] learning rate: length of the window so far
        rho = rho_inf - 2 * s.t * beta2**s.t / (1 - beta2**s.t)
        # [A2.l] learning rate: adaptive only once the variance is finite
        l = refreshed(rho > 4, lambda: torch.sqrt(1 - beta2**s.t) / (torch.sqrt(s.v) + h.eps), theta.new_ones(()))
        # [A2.r] learning rate: holds the variance of the step constant
        r = torch.where(rho > 4, torch.sqrt((rho - 4) * (rho - 2) * rho_inf / ((rho_inf - 4) * (rho_inf - 2) * rho)), 1)
        # [A2.theta] update: plain momentum at first, then nearly Adam
        theta = theta - h.lr * r * m_hat * l
        return theta
