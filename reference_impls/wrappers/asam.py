"""ASAM: SAM with a climb in proportion to the size of each weight, so that rescaling weights changes nothing (Kwon et al. 2021)."""

import torch

from reference_impls._base import NonNegative
from reference_impls._requests import Gradient, Inner, Total
from reference_impls.wrappers._base import Wrapper


class ASAM(Wrapper):
    def __init__(self, inner, rho: NonNegative = 0.5, eta: NonNegative = 0.01, *, compile: bool = False):
        super().__init__(inner, compile, rho=rho, eta=eta)

    def update(self, theta, g, s, h):
        # [C.w] gradient: size of each weight, never quite zero
        w = torch.abs(theta) + h.eta
        # [C.n] gradient: one length for the whole model, measured in those sizes
        n = torch.sqrt((yield Total(((w * g) ** 2).sum())))
        # [C.e] gradient: uphill, farther where weights are large
        e = torch.where(n > 0, h.rho * w**2 * g / n, 0)
        # [C.s] gradient: asked for again at the higher point
        sharp = yield Gradient(theta + e)
        # [C.theta] update: the wrapped optimizer's step, from the point before the climb
        theta = yield Inner(sharp)
        return theta
