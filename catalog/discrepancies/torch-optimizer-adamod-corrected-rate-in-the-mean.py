"""AdaMod of torch-optimizer averages a rate that has the correction of the first moment in it."""

import torch
from torch_optimizer import AdaMod as Theirs

from reference_impls import AdaMod


def effect() -> float:
    rows = torch.randn(10, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    ends = []
    for theirs in (True, False):
        p = torch.zeros(4, dtype=torch.float64, requires_grad=True)
        method = Theirs([p], lr=1.0, beta3=0.9, eps=1e-12) if theirs else AdaMod([p], lr=1.0, beta3=0.9, eps=1e-12)
        for g in rows:
            p.grad = g.clone()
            method.step()
        ends.append(p.detach())
    return (ends[0] - ends[1]).abs().max().item()
