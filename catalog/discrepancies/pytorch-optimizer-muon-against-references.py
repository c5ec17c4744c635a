"""Muon of pytorch-optimizer follows Keller Jordan's rule up to bfloat16."""

import torch
from pytorch_optimizer import Muon as Theirs

from reference_impls import Muon


def effect() -> float:
    rows = torch.randn(12, 6, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    ends = []
    for theirs in (True, False):
        p = torch.zeros(6, 4, dtype=torch.float64, requires_grad=True)
        method = Theirs([{"params": [p], "use_muon": True}], lr=0.02) if theirs else Muon([p], lr=0.02)
        for g in rows:
            p.grad = g.clone()
            method.step()
        ends.append(p.detach())
    return ((ends[0] - ends[1]).abs().max() / ends[1].abs().max()).item()
