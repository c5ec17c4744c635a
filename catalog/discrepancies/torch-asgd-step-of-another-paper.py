"""torch's ASGD at its defaults hardly lowers its step, the cited method from the second step on."""

import torch

from reference_impls import ASGD


def effect() -> float:
    ends = []
    for make in (torch.optim.ASGD, ASGD):
        p = torch.zeros(1, dtype=torch.float64, requires_grad=True)
        method = make([p], lr=0.01, alpha=0.75)
        for _ in range(20):
            p.grad = torch.ones_like(p)
            method.step()
        ends.append(p.item())
    return abs(ends[0] - ends[1]) / 0.01
