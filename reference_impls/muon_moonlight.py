"""Muon with Moonlight's scaling: every update is as large as AdamW's, whatever the matrix's shape, and weights decay (Liu et al. 2025)."""

from typing import Annotated

from reference_impls._base import Count, Fraction, NonNegative, Range, ReferenceOptimizer
from reference_impls._matrices import newton_schulz

Quintic = Annotated[tuple[float, float, float], Range("(-inf, inf)")]


class MuonMoonlight(ReferenceOptimizer):
    buffers = ("m",)
    elementwise = False

    def __init__(self, params, lr: NonNegative = 1e-3, momentum: Fraction = 0.95, nesterov: bool = True, ns_steps: Count = 5,
                 ns_coefficients: Quintic = (3.4445, -4.775, 2.0315), weight_decay: NonNegative = 0.1,
                 *, compile: bool = False):  # fmt: skip
        super().__init__(params, compile, lr=lr, momentum=momentum, nesterov=nesterov, ns_steps=ns_steps,
                         ns_coefficients=ns_coefficients, weight_decay=weight_decay)  # fmt: skip

    def update(self, theta, g, s, h):
        # [E1.m] gradient estimate: what is remembered
        s.m = h.momentum * s.m + g
        # [C.m_tilde] gradient estimate: Nesterov looks one step of the momentum ahead
        m_tilde = g + h.momentum * s.m if h.nesterov else s.m
        # [E1.o] gradient estimate: all directions about equally long
        o = newton_schulz(m_tilde, h.ns_coefficients, h.ns_steps)
        # [E4.scale] learning rate: a root mean square of 0.2 for every shape
        scale = 0.2 * max(g.shape[-2:]) ** 0.5
        # [E4.theta] update: the step and the decay share the learning rate
        theta = theta - h.lr * (scale * o + h.weight_decay * theta)
        return theta
