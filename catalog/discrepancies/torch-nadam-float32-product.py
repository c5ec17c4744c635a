"""torch's NAdam keeps the product of its momentum coefficients in float32 in a float64 run."""

import torch

from reference_impls import Nadam


def effect() -> float:
    rows = torch.randn(20, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    ends = []
    for make in (torch.optim.NAdam, Nadam):
        p = torch.zeros(4, dtype=torch.float64, requires_grad=True)
        method = make([p], lr=1.0)
        for g in rows:
            p.grad = g.clone()
            method.step()
        ends.append(p.detach())
    return (ends[0] - ends[1]).abs().max().item()
