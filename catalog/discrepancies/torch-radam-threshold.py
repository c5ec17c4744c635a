"""torch's RAdam rectifies where the length is above 5, the paper where it is above 4."""

import torch

from reference_impls import RAdam


def effect() -> float:
    ends = []
    for make in (torch.optim.RAdam, RAdam):
        p = torch.zeros((), dtype=torch.float64, requires_grad=True)
        method = make([p], lr=1.0)
        for _ in range(5):
            p.grad = torch.ones_like(p)
            method.step()
        ends.append(p.item())
    return abs(ends[0] - ends[1])
