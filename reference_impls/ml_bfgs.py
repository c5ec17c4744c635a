"""mL-BFGS: L-BFGS on running means of parameters and gradients, with damped differences (Niu et al. 2023)."""

from typing import Annotated

import torch

from reference_impls._base import Buffer, Count, Decays, NonNegative, Range, ReferenceOptimizer
from reference_impls._curvature import appended, two_loops
from reference_impls._requests import Total


class MLBFGS(ReferenceOptimizer):
    buffers = ("mp", "mg", "hp", "hg", Buffer("ss", ("history_size", "size")), Buffer("ys", ("history_size", "size")))
    elementwise = False
    compiles = False

    def __init__(self, params, lr: NonNegative, betas: Decays = (0.9, 0.99), update_frequency: Count = 100, history_size: Count = 100,
                 tau: Annotated[float, Range("(0, 1]")] = 0.8, sigma_low: Annotated[float, Range("(0, 1)")] = 0.01,
                 sigma_high: Annotated[float, Range("(1, inf)")] = 1.5, *, compile: bool = False):  # fmt: skip
        super().__init__(params, compile, lr=lr, betas=betas, update_frequency=update_frequency, history_size=history_size, tau=tau,
                         sigma_low=sigma_low, sigma_high=sigma_high)  # fmt: skip

    def update(self, theta, g, s, h):
        beta1, beta2 = h.betas
        first, due = s.t == 1, s.t % h.update_frequency == 0
        # [P.mp] learning rate: running mean of the parameters, from the first ones on
        s.mp = torch.where(first, theta, beta1 * s.mp + (1 - beta1) * theta)
        # [P.mg] learning rate: and of the gradients
        s.mg = torch.where(first, g, beta2 * s.mg + (1 - beta2) * g)
        # [P.s] learning rate: change of the first mean since the last pair
        step = s.mp - s.hp
        # [P.y] learning rate: and of the second
        y = s.mg - s.hg
        # [P.mu] learning rate: curvature along the step
        square = yield Total((step**2).sum())
        mu = (yield Total((step * y).sum())) / square
        # [P.tau] learning rate: the further outside the bounds, the more damping
        low, high = (1 - h.sigma_low) / (1 - mu), (h.sigma_high - 1) / (mu - 1)
        tau = torch.where(mu <= h.sigma_low, low, torch.where(mu >= h.sigma_high, high, 1)).clamp(max=h.tau)
        # [P.y_hat] learning rate: part difference, part step
        y_hat = tau * y + (1 - tau) * step
        # [P.ss] learning rate: the newest pairs, the oldest goes
        keep = due & (s.t >= 2 * h.update_frequency) & (square > 0)
        s.ss, s.ys = appended(s.ss, step, keep), appended(s.ys, y_hat, keep)
        # [P.hp] learning rate: the means now, for the next pair
        s.hp, s.hg = torch.where(due, s.mp, s.hp), torch.where(due, s.mg, s.hg)
        # [P.r] learning rate: the product of the inverse Hessian and the gradient; the gradient while there is no pair
        r = yield from two_loops(s.ss, s.ys, g)
        # [P.theta] update: one step along it
        theta = theta - h.lr * r
        return theta
