"""SM3: AdaGrad with accumulators of rows and columns, of which each entry takes the smaller (Anil et al. 2019)."""

import torch

from reference_impls._base import Buffer, Fraction, NonNegative, Positive, ReferenceOptimizer


class SM3(ReferenceOptimizer):
    buffers = (Buffer("r", ("rows", 1), "matrices"), Buffer("c", (1, "cols"), "matrices"), Buffer("v", applies_to="vectors"), "m")
    elementwise = False

    def __init__(self, params, lr: NonNegative, momentum: Fraction, eps: Positive = 1e-30, *, compile: bool = False):
        super().__init__(params, compile, lr=lr, momentum=momentum, eps=eps)

    def update(self, theta, g, s, h):
        if theta.dim() >= 2:
            # [C.nu] learning rate: the smaller bound of the two that cover the entry
            nu = torch.minimum(s.r, s.c) + g**2
        else:
            # [C.v] learning rate: a vector keeps its whole sum
            s.v = s.v + g**2
        if theta.dim() >= 2:
            # [C.r] learning rate: the largest of each row
            s.r = nu.amax(-1, keepdim=True)
            # [C.c] learning rate: the largest of each column
            s.c = nu.amax(-2, keepdim=True)
            # [C.u] learning rate: step of a matrix
            u = g / torch.sqrt(nu + h.eps)
        else:
            # [D.u] learning rate: step of a vector
            u = g / torch.sqrt(s.v + h.eps)
        # [C.m] gradient estimate: running mean of the steps
        s.m = h.momentum * s.m + (1 - h.momentum) * u
        # [C.theta] update: the mean as it is
        theta = theta - h.lr * s.m
        return theta
