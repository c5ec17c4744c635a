"""Natural gradient: the gradient of the whole model, multiplied by its inverse Fisher matrix (Amari 1998). For small models."""

import torch

from reference_impls._base import NonNegative, Positive, ReferenceOptimizer
from reference_impls._requests import PerSample, Total


class NaturalGradient(ReferenceOptimizer):
    elementwise = False

    def __init__(self, params, lr: NonNegative, damping: Positive, *, compile: bool = False):
        super().__init__(params, compile, lr=lr, damping=damping)

    def update(self, theta, g, s, h):
        # [P.j] learning rate: one row a sample; the Fisher matrix is JᵀJ/n
        j = (yield PerSample(theta)).view(-1, theta.numel())
        # [P.n] learning rate: (JᵀJ/n + λI)⁻¹ takes one system with as many unknowns as there are samples
        gram = yield Total(j @ j.mT)
        shift = j.shape[0] * h.damping * torch.eye(j.shape[0], dtype=j.dtype, device=j.device)
        x = torch.linalg.solve_ex(gram + shift, (yield Total(j @ g.flatten())))[0]
        n = (g - (j.mT @ x).view_as(g)) / h.damping
        # [P.theta] update: one step along it
        theta = theta - h.lr * n
        return theta
