"""LARS of torch-optimizer is plain momentum where the weights do not decay."""

import torch
from torch_optimizer import LARS as Theirs

from reference_impls import LARS


def effect() -> float:
    ends = []
    for make in (Theirs, LARS):
        p = torch.ones(4, dtype=torch.float64, requires_grad=True)
        method = make([p], lr=1.0, momentum=0.9, weight_decay=0.0, trust_coefficient=0.001)
        p.grad = torch.full_like(p, 10.0)
        method.step()
        ends.append(p.detach())
    return (ends[0] - ends[1]).abs().max().item()
