"""torch's fused Adam on the CPU takes the steps of the plain loop."""

import torch


def effect() -> float:
    rows = torch.randn(12, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    ends = []
    for options in ({"fused": True}, {"foreach": False}):
        p = torch.zeros(4, dtype=torch.float64, requires_grad=True)
        method = torch.optim.Adam([p], lr=0.1, **options)
        for g in rows:
            p.grad = g.clone()
            method.step()
        ends.append(p.detach())
    return (ends[0] - ends[1]).abs().max().item()
