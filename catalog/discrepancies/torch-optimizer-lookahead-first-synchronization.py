"""Lookahead of torch-optimizer synchronizes after the first step and not after the k-th."""

import torch
from torch_optimizer import Lookahead as Theirs

from reference_impls import Lookahead


def effect() -> float:
    ends = []
    for make in (Theirs, Lookahead):
        p = torch.zeros(1, dtype=torch.float64, requires_grad=True)
        method = make(torch.optim.SGD([p], lr=1.0), k=5, alpha=0.5)
        for _ in range(5):
            p.grad = torch.ones_like(p)
            method.step()
        ends.append(p.item())
    return abs(ends[0] - ends[1])
