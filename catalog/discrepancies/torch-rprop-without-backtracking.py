"""torch's Rprop does not take a step back when the gradient changes its sign."""

import torch

from reference_impls import Rprop


def effect() -> float:
    ends = []
    for make in (torch.optim.Rprop, Rprop):
        p = torch.zeros(1, dtype=torch.float64, requires_grad=True)
        method = make([p], lr=0.1)
        for size in (1.0, 1.0, -1.0):
            p.grad = torch.full_like(p, size)
            method.step()
        ends.append(p.item())
    return abs(ends[0] - ends[1]) / 0.1
