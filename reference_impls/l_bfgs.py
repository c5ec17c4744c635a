"""L-BFGS: a quasi-Newton direction from the last few changes of parameters and gradients (Liu and Nocedal 1989), without a line search."""

import torch

from reference_impls._base import Buffer, Count, NonNegative, ReferenceOptimizer
from reference_impls._curvature import appended, two_loops
from reference_impls._requests import Total


class LBFGS(ReferenceOptimizer):
    buffers = ("q", "d", Buffer("ss", ("history_size", "size")), Buffer("ys", ("history_size", "size")))
    elementwise = False
    compiles = False

    def __init__(self, params, lr: NonNegative = 1.0, history_size: Count = 5, *, compile: bool = False):
        super().__init__(params, compile, lr=lr, history_size=history_size)

    def update(self, theta, g, s, h):
        # [A21.s] learning rate: the last step
        step = s.d
        # [A21.y] learning rate: what it did to the gradient
        y = g - s.q
        # [C.keep] learning rate: a pair without positive curvature is left out
        keep = (s.t > 1) & ((yield Total((step * y).sum())) > 1e-10)
        # [A21.ss] learning rate: the newest pairs, the oldest goes
        s.ss, s.ys = appended(s.ss, step, keep), appended(s.ys, y, keep)
        # [A21.r] learning rate: the product of the inverse Hessian and the gradient
        r = yield from two_loops(s.ss, s.ys, g)
        # [C.alpha] learning rate: the first step is short, as nothing is known yet
        size = yield Total(torch.abs(g).sum())
        alpha = h.lr * torch.where(s.t > 1, 1, torch.clamp(1 / size, max=1))
        # [A21.q] learning rate: the gradient, for the next difference
        s.q = g
        # [A21.d] update: this step, for the next pair
        s.d = -alpha * r
        # [A21.theta] update: along the direction
        theta = theta + s.d
        return theta
