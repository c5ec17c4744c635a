"""AdaFisher: momentum over a diagonal Fisher matrix, from the diagonals of a layer's two Kronecker factors (Martins Gomes et al. 2024)."""

import torch

from reference_impls._base import Buffer, Count, Decays, Fraction, NonNegative, Positive, ReferenceOptimizer
from reference_impls._requests import Factors, Whether


class AdaFisher(ReferenceOptimizer):
    buffers = ("m", Buffer("hd", ("inputs",)), Buffer("sd", ("channels",)), Buffer("known", "scalar"))
    elementwise = False
    compiles = False

    def __init__(self, params, lr: NonNegative = 1e-3, beta: Fraction = 0.9, damping: Positive = 1e-3, gammas: Decays = (0.92, 0.008),
                 update_interval: Count = 100, weight_decay: NonNegative = 0.0, *, compile: bool = False):  # fmt: skip
        super().__init__(params, compile, lr=lr, beta=beta, damping=damping, gammas=gammas, update_interval=update_interval,
                         weight_decay=weight_decay)  # fmt: skip

    def start(self, theta, s, h):
        s.hd, s.sd = torch.ones_like(s.hd), torch.ones_like(s.sd)

    def update(self, theta, g, s, h):
        gamma1, gamma2 = h.gammas
        due = (s.t - 1) % h.update_interval == 0
        layer = (yield Factors(theta)) if (yield Whether(due)) else None
        # [C.g_bar] gradient: coupled decay
        g_bar = g + h.weight_decay * theta
        # [C.m] gradient estimate: running mean
        s.m = h.beta * s.m + (1 - h.beta) * g_bar
        if layer is not None:
            # [C.hd] learning rate: mean square of what each input sees, brought to [0, 1] within the layer
            squares = normalized((layer.whole**2).mean((0, 1)))[layer.mine]
            s.hd = torch.where(due, (1 - gamma1) * s.hd + gamma2 * squares, s.hd)
            # [C.sd] learning rate: the same for what each output gets back
            s.sd = torch.where(due, (1 - gamma1) * s.sd + gamma2 * normalized((layer.slopes**2).mean((0, 1))), s.sd)
            s.known = torch.ones_like(s.known)
        # [C.f] learning rate: a product for each weight; 1 for a tensor without a layer
        f = torch.where(s.known > 0, (torch.outer(s.sd, s.hd) + h.damping).view_as(theta), 1)
        # [C.m_hat] gradient estimate: undo the start at zero
        m_hat = s.m / (1 - h.beta**s.t)
        # [C.theta] update: no root is taken
        theta = theta - h.lr * m_hat / f
        return theta


def normalized(x):
    return (x - x.min()) / (x.max() - x.min() + 1e-6)
