"""SGD: a step along the gradient or along a decaying sum of gradients (Robbins and Monro 1951; Polyak 1964; Nesterov 1983)."""

from reference_impls._base import Buffer, Fraction, NonNegative, ReferenceOptimizer


class SGD(ReferenceOptimizer):
    buffers = (Buffer("b", scaled_by="momentum"),)

    def __init__(self, params, lr: NonNegative, momentum: Fraction = 0.0, nesterov: bool = False,
                 weight_decay: NonNegative = 0.0, *, compile: bool = False):  # fmt: skip
        super().__init__(params, compile, lr=lr, momentum=momentum, nesterov=nesterov, weight_decay=weight_decay)

    def update(self, theta, g, s, h):
        # [C.d] gradient: the penalty's gradient is added
        d = g + h.weight_decay * theta
        # [C.b] gradient estimate: what is remembered
        s.b = h.momentum * s.b + d
        # [C.u] gradient estimate: Nesterov looks one step of the momentum ahead
        u = d + h.momentum * s.b if h.nesterov else s.b
        # [C.theta] update: one step along it
        theta = theta - h.lr * u
        return theta
