"""FANoS: momentum as a mechanical system, with a friction that a thermostat turns up when the updates are too hot (Dhiman 2026)."""

import torch

from reference_impls._base import Buffer, Fraction, NonNegative, Positive, ReferenceOptimizer
from reference_impls._requests import Total


class FANoS(ReferenceOptimizer):
    buffers = ("s", "v", Buffer("temperature", "scalar"), Buffer("zeta", "scalar"))

    def __init__(self, params, lr: NonNegative = 1e-3, beta: Fraction = 0.999, eps: NonNegative = 1e-8, q: Positive = 1.0,
                 t_max: NonNegative = 1e-3, t_min: NonNegative = 0.0, tau: Positive = 20000.0, rho: Fraction = 0.9,
                 zeta_max: Positive = 10.0, grad_clip: NonNegative = 1.0, weight_decay: NonNegative = 0.0,
                 *, compile: bool = False):  # fmt: skip
        super().__init__(params, compile, lr=lr, beta=beta, eps=eps, q=q, t_max=t_max, t_min=t_min, tau=tau, rho=rho,
                         zeta_max=zeta_max, grad_clip=grad_clip, weight_decay=weight_decay)  # fmt: skip

    def start(self, theta, s, h):
        s.temperature = s.temperature + h.t_max

    def update(self, theta, g, s, h):
        longest = torch.as_tensor(h.grad_clip, dtype=torch.float64)
        # [C.n] gradient: one length for the whole model
        n = torch.sqrt((yield Total((g**2).sum())))
        # [C.u] gradient: no longer than the limit
        u = g * torch.where(longest > 0, torch.clamp(longest / (n + 1e-12), max=1), 1)
        # [P.s] learning rate: running mean of the squares
        s.s = h.beta * s.s + (1 - h.beta) * u**2
        # [P.m] learning rate: the mass of each coordinate
        m = torch.sqrt(s.s) + h.eps
        # [P.v] gradient estimate: velocity with friction and force
        s.v = (1 - h.lr * s.zeta) * s.v - h.lr * u / m
        # [P.theta] update: with the new velocity
        theta = theta * (1 - h.lr * h.weight_decay) + h.lr * s.v
        # [P.energy] learning rate: mean kinetic energy of the model's coordinates
        energy = (yield Total((m * s.v**2).sum())) / (yield Total(theta.new_tensor(float(theta.numel()))))
        # [P.temperature] learning rate: running mean of the energy
        s.temperature = h.rho * s.temperature + (1 - h.rho) * energy
        # [P.target] learning rate: hot at first, then cool
        target = h.t_min + (h.t_max - h.t_min) * torch.exp(-s.t / h.tau)
        # [P.zeta] learning rate: more friction when too hot, less when too cold
        zeta = s.zeta + h.lr / h.q * (s.temperature - target)
        s.zeta = torch.clamp(zeta, -h.zeta_max, h.zeta_max)
        return theta
