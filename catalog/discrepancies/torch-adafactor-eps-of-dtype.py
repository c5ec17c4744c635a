"""torch's Adafactor adds 1.2e-7 to squared float32 gradients, the paper 1e-30."""

import torch

from reference_impls import Adafactor


def effect() -> float:
    rows = 1e-4 * torch.randn(12, 6, 4, generator=torch.Generator().manual_seed(0))
    ends = []
    for make in (torch.optim.Adafactor, Adafactor):
        p = torch.ones(6, 4, requires_grad=True)
        method = make([p], lr=0.01)
        for g in rows:
            p.grad = g.clone()
            method.step()
        ends.append(p.detach())
    return (ends[0] - ends[1]).abs().max().item() / 0.01
