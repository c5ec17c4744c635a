"""AdamP of pytorch-optimizer adds eps before the second moment is corrected."""

import torch
from pytorch_optimizer import AdamP as Theirs

from reference_impls import AdamP


def effect() -> float:
    ends = []
    for make in (Theirs, AdamP):
        p = torch.zeros(3, dtype=torch.float64, requires_grad=True)
        method = make([p], lr=1.0, betas=(0.9, 0.99), eps=0.1)
        p.grad = torch.ones_like(p)
        method.step()
        ends.append(p.detach())
    return (ends[0] - ends[1]).abs().max().item()
