"""torch's NAdam takes the same steps with and without foreach."""

import torch


def effect() -> float:
    rows = torch.randn(10, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    ends = []
    for foreach in (True, False):
        p = torch.zeros(3, dtype=torch.float64, requires_grad=True)
        method = torch.optim.NAdam([p], lr=0.1, foreach=foreach)
        for g in rows:
            p.grad = g.clone()
            method.step()
        ends.append(p.detach())
    return (ends[0] - ends[1]).abs().max().item()
