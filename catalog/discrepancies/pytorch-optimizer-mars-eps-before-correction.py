"""MARS of pytorch-optimizer adds eps before the second moment is corrected."""

import torch
from pytorch_optimizer import MARS as Theirs

from reference_impls import MARS


def effect() -> float:
    ends = []
    for make in (Theirs, MARS):
        p = torch.zeros(2, 2, dtype=torch.float64, requires_grad=True)
        method = make([p], lr=1.0, eps=0.1, weight_decay=0.0)
        p.grad = torch.full_like(p, 0.1)
        method.step()
        ends.append(p.detach())
    return (ends[0] - ends[1]).abs().max().item()
