"""K-FAC: the Fisher block of a layer as the Kronecker product of two small matrices (Martens and Grosse 2015; convolutions 2016)."""

import torch

from reference_impls._base import Buffer, Fraction, NonNegative, Positive, ReferenceOptimizer
from reference_impls._matrices import inverse_root
from reference_impls._requests import Factors


class KFAC(ReferenceOptimizer):
    buffers = (Buffer("aa", ("inputs", "inputs")), Buffer("gg", ("channels", "channels")))
    elementwise = False
    compiles = False

    def __init__(self, params, lr: NonNegative, damping: Positive, decay: Fraction = 0.95, *, compile: bool = False):
        super().__init__(params, compile, lr=lr, damping=damping, decay=decay)

    def update(self, theta, g, s, h):
        layer = yield Factors(theta)
        if layer is None:  # no layer's weight or bias: a plain step
            return theta - h.lr * g
        # [C.eps] learning rate: running means without a start at zero
        eps = h.decay * (1 - h.decay ** (s.t - 1)) / (1 - h.decay**s.t)
        # [P.aa] learning rate: second moment of what the layer sees
        s.aa = eps * s.aa + (1 - eps) * torch.einsum("npi,npj->ij", layer.inputs, layer.inputs) / layer.inputs.shape[0]
        # [P.gg] learning rate: and of what it gets back
        s.gg = eps * s.gg + (1 - eps) * torch.einsum("npi,npj->ij", layer.slopes, layer.slopes) / layer.slopes.shape[:2].numel()
        # [P.pi] learning rate: how the damping is shared out between the two
        ratio = torch.trace(s.aa) * s.gg.shape[0] / (torch.trace(s.gg) * s.aa.shape[0])
        pi = torch.sqrt(torch.where(torch.isfinite(ratio) & (ratio > 0), ratio, 1))
        # [P.u] learning rate: the inverse of a Kronecker product is that of its factors
        left, right = inverse_root(shifted(s.gg, h.damping**0.5 / pi), 1), inverse_root(shifted(s.aa, h.damping**0.5 * pi), 1)
        u = (left @ g.reshape(left.shape[0], -1) @ right).view_as(g)
        # [P.theta] update: one step along it
        theta = theta - h.lr * u
        return theta


def shifted(a, by):
    return a + by * torch.eye(a.shape[0], dtype=a.dtype, device=a.device)
