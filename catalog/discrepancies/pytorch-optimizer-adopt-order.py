"""ADOPT of pytorch-optimizer divides by the second moment from before the gradient, as the paper does."""

import torch
from pytorch_optimizer import ADOPT as Theirs

from reference_impls import ADOPT


def effect() -> float:
    rows = torch.randn(3, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    ends = []
    for make, without_clip in ((Theirs, {"clip_lambda": None}), (ADOPT, {"clipped": False})):
        p = torch.zeros(4, dtype=torch.float64, requires_grad=True)
        method = make([p], lr=0.1, **without_clip)
        for g in rows:
            p.grad = g.clone()
            method.step()
        ends.append(p.detach())
    return (ends[0] - ends[1]).abs().max().item()
