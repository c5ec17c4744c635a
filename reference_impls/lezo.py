"""LeZO: MeZO with most layers, other ones in each step, left as they are (Wang et al. 2024). A tensor counts as a layer."""

import torch

from reference_impls._base import Fraction, NonNegative, Positive, ReferenceOptimizer
from reference_impls._requests import Draw, Total, Value
from reference_impls._state import scalar


class LeZO(ReferenceOptimizer):
    uses_gradient = False
    compiles = False

    def __init__(self, params, lr: NonNegative, eps: Positive = 1e-3, *, sparsity: Fraction, compile: bool = False):
        super().__init__(params, compile, lr=lr, eps=eps, sparsity=sparsity)

    def update(self, theta, g, s, h):
        # [P.z] gradient: one direction for the whole model
        z = yield Draw("gaussian", theta)
        # [P.a] gradient: every layer draws a number, and the smallest ones win
        score = yield Draw("gaussian", scalar(0.0, theta.device))
        layers = yield Total(torch.ones_like(score))
        active = layers - torch.floor(h.sparsity * layers)
        low, high = score * 0 - 40, score * 0 + 40
        for _ in range(64):  # halve the interval that holds the largest winning number
            middle = (low + high) / 2
            short = (yield Total((score <= middle).to(score.dtype))) < active
            low, high = torch.where(short, middle, low), torch.where(short, high, middle)
        # [P.z_bar] gradient: the others rest
        z_bar = torch.where(score <= high, z, 0)
        # [P.p] gradient: the slope along it
        p = ((yield Value(theta + h.eps * z_bar)) - (yield Value(theta - h.eps * z_bar))) / (2 * h.eps)
        # [P.theta] update: as far as the slope says
        theta = theta - h.lr * p * z_bar
        return theta
