"""GSAM: SAM that also climbs the plain loss across SAM's gradient, which brings the two losses together (Zhuang et al. 2022)."""

import torch

from reference_impls._base import NonNegative
from reference_impls._requests import Gradient, Inner, Total
from reference_impls.wrappers._base import Wrapper


class GSAM(Wrapper):
    def __init__(self, inner, rho: NonNegative, alpha: NonNegative = 0.4, *, compile: bool = False):
        super().__init__(inner, compile, rho=rho, alpha=alpha)

    def update(self, theta, g, s, h):
        # [C.n] gradient: one length for the whole model
        n = torch.sqrt((yield Total((g**2).sum())))
        # [C.e] gradient: uphill, rho long
        e = torch.where(n > 0, h.rho * g / n, 0)
        # [C.s] gradient: asked for again at the higher point
        sharp = yield Gradient(theta + e)
        # [C.q] gradient: squared length of the new gradient
        q, along = yield Total(torch.stack([(sharp**2).sum(), (g * sharp).sum()]))
        # [C.c] gradient: how much of it the old one holds
        c = torch.where(q > 0, along / q, 0)
        # [C.v] gradient: the part of the old one across the new one
        v = g - c * sharp
        # [C.theta] update: the wrapped optimizer's step down the new one and up the part across
        theta = yield Inner(sharp - h.alpha * v)
        return theta
