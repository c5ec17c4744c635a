"""Scion: moves towards the point of a norm ball, one norm a kind of layer, that fits the mean gradient best (Pethick et al. 2025)."""

from typing import Annotated

import torch

from reference_impls._base import Count, NonNegative, Positive, Range, ReferenceOptimizer
from reference_impls._matrices import newton_schulz

QUINTIC = (3.4445, -4.775, 2.0315)


class Scion(ReferenceOptimizer):
    buffers = ("d",)
    elementwise = False

    def __init__(self, params, lr: NonNegative = 1e-3, momentum: Annotated[float, Range("(0, 1]")] = 0.1, scale: Positive = 1.0,
                 unconstrained: bool = False, output_layer: bool = False, ns_steps: Count = 5, eps: NonNegative = 1e-8,
                 *, compile: bool = False):  # fmt: skip
        super().__init__(params, compile, lr=lr, momentum=momentum, scale=scale, unconstrained=unconstrained,
                         output_layer=output_layer, ns_steps=ns_steps, eps=eps)  # fmt: skip

    def update(self, theta, g, s, h):
        # [C.d] gradient estimate: momentum is the share of the new gradient
        s.d = (1 - h.momentum) * s.d + h.momentum * g
        if theta.dim() >= 2:
            rows, cols = theta.shape[-2:]
            # [C.u] gradient estimate: largest singular value or largest entry bounded, after fan-in and fan-out
            u = torch.sign(s.d) / cols if h.output_layer else (rows / cols) ** 0.5 * newton_schulz(s.d, QUINTIC, h.ns_steps)
        else:
            # [D.u] gradient estimate: root mean square bounded
            u = s.d / (torch.sqrt((s.d**2).mean()) + h.eps)
        # [C.theta] update: towards the surface of the ball, and out of it only where allowed
        theta = (theta if h.unconstrained else (1 - h.lr) * theta) - h.lr * h.scale * u
        return theta
