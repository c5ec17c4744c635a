"""AggMo of torch-optimizer keeps one velocity for two equal dampings and updates it twice."""

import torch
from torch_optimizer import AggMo as Theirs

from reference_impls import AggMo


def effect() -> float:
    ends = []
    for make in (Theirs, AggMo):
        p = torch.zeros(1, dtype=torch.float64, requires_grad=True)
        method = make([p], lr=1.0, betas=(0.0, 0.9, 0.9))
        for _ in range(2):
            p.grad = torch.ones_like(p)
            method.step()
        ends.append(p.item())
    return abs(ends[0] - ends[1])
