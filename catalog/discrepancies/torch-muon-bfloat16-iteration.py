"""torch's Muon iterates in bfloat16 even for float64 matrices."""

import torch

from reference_impls import Muon


def effect() -> float:
    g = torch.randn(16, 16, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    ends = []
    for make in (torch.optim.Muon, Muon):
        p = torch.zeros_like(g, requires_grad=True)
        method = make([p], lr=1.0, weight_decay=0.0)
        p.grad = g.clone()
        method.step()
        ends.append(p.detach())
    return ((ends[0] - ends[1]).norm() / ends[1].norm()).item()
