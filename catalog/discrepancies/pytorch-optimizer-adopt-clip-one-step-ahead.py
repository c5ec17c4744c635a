"""ADOPT of pytorch-optimizer clips at the fourth root of the step after."""

import torch
from pytorch_optimizer import ADOPT as Theirs

from reference_impls import ADOPT


def effect() -> float:
    ends = []
    for make in (Theirs, ADOPT):
        p = torch.zeros(1, dtype=torch.float64, requires_grad=True)
        method = make([p], lr=1.0, betas=(0.9, 0.9999))
        for size in (1.0, 100.0):
            p.grad = torch.full_like(p, size)
            method.step()
        ends.append(p.item())
    return abs(ends[0] - ends[1]) / (1 - 0.9)
