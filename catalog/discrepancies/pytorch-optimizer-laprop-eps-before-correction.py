"""LaProp of pytorch-optimizer adds eps before the second moment is corrected."""

import torch
from pytorch_optimizer import LaProp as Theirs

from reference_impls import LaProp


def effect() -> float:
    ends = []
    for make in (Theirs, LaProp):
        p = torch.zeros(1, dtype=torch.float64, requires_grad=True)
        method = make([p], lr=1.0, betas=(0.9, 0.99), eps=0.1)
        p.grad = torch.ones_like(p)
        method.step()
        ends.append(p.item())
    return abs(ends[0] - ends[1])
