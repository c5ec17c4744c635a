"""SAM: any optimizer steps with the gradient taken a fixed distance uphill, where flat minima look lowest (Foret et al. 2020)."""

import torch

from reference_impls._base import NonNegative
from reference_impls._requests import Gradient, Inner, Total
from reference_impls.wrappers._base import Wrapper


class SAM(Wrapper):
    def __init__(self, inner, rho: NonNegative = 0.05, *, compile: bool = False):
        super().__init__(inner, compile, rho=rho)

    def update(self, theta, g, s, h):
        # [A1.n] gradient: one length for the whole model
        n = torch.sqrt((yield Total((g**2).sum())))
        # [A1.e] gradient: uphill, rho long
        e = torch.where(n > 0, h.rho * g / n, 0)
        # [A1.s] gradient: asked for again at the higher point
        sharp = yield Gradient(theta + e)
        # [A1.theta] update: the wrapped optimizer's step, from the point before the climb
        theta = yield Inner(sharp)
        return theta
