"""SWATS: Adam, until its steps settle on an equivalent learning rate of SGD; from then on SGD (Keskar and Socher 2017)."""

import torch

from reference_impls._base import Buffer, Decays, NonNegative, ReferenceOptimizer
from reference_impls._matrices import refreshed
from reference_impls._requests import Total


class SWATS(ReferenceOptimizer):
    buffers = ("m", "a", "v", Buffer("lam", "scalar"), Buffer("rate", "scalar"), Buffer("phase", "scalar"))

    def __init__(self, params, lr: NonNegative = 1e-3, betas: Decays = (0.9, 0.999), eps: NonNegative = 1e-9, *, compile: bool = False):
        super().__init__(params, compile, lr=lr, betas=betas, eps=eps)

    def update(self, theta, g, s, h):
        beta1, beta2 = h.betas
        switched = s.phase > 0
        # [A1.v] gradient estimate: velocity of SGD, from the switch on
        s.v = refreshed(switched, lambda: beta1 * s.v + g, s.v)
        # [A1.m] gradient estimate: running mean, up to the switch
        s.m = refreshed(~switched, lambda: beta1 * s.m + (1 - beta1) * g, s.m)
        # [A1.a] learning rate: running mean of the squares, up to the switch
        s.a = refreshed(~switched, lambda: beta2 * s.a + (1 - beta2) * g**2, s.a)
        # [A1.step_size] learning rate: undo the start at zero
        step_size = h.lr * torch.sqrt(1 - beta2**s.t) / (1 - beta1**s.t)
        # [A1.p] gradient estimate: the step of Adam, up to the switch
        p = refreshed(~switched, lambda: -step_size * s.m / (torch.sqrt(s.a) + h.eps), s.m)
        # [A1.pg] learning rate: how far it goes along the gradient; asked for up to the switch
        none = torch.zeros(2, dtype=theta.dtype, device=theta.device)
        pg, pp = yield Total(refreshed(~switched, lambda: torch.stack([(p * g).sum(), (p**2).sum()]), none))
        # [A1.gamma] learning rate: the step of SGD with this rate projects onto that of Adam
        gamma = torch.where(pg != 0, -pp / pg, 0)
        # [A1.lam] learning rate: running mean
        s.lam = torch.where(~switched & (pg != 0), beta2 * s.lam + (1 - beta2) * gamma, s.lam)
        # [A1.lam_hat] learning rate: undo the start at zero
        lam_hat = s.lam / (1 - beta2**s.t)
        # [A1.phase] learning rate: the mean agrees with the latest estimate
        s.phase = torch.where((s.t > 1) & (pg != 0) & (torch.abs(lam_hat - gamma) < h.eps), 1, s.phase)
        # [A1.rate] learning rate: kept from the switch on
        old, s.rate = s.rate, torch.where((s.phase > 0) & ~switched, lam_hat, s.rate)
        # [A1.theta] update: Adam before, SGD after
        theta = theta + refreshed(switched, lambda: -(1 - beta1) * old * s.v, p)
        return theta
