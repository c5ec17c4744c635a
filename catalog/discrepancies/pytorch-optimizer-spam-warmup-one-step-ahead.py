"""SPAM of pytorch-optimizer starts each warmup one step ahead of the authors' code."""

import torch
from pytorch_optimizer import SPAM as Theirs

from reference_impls import SPAM


def effect() -> float:
    ends = []
    for make, options in ((Theirs, {"update_proj_gap": 4, "warmup_epoch": 3}), (SPAM, {"delta_t": 4, "warmup_steps": 3})):
        p = torch.zeros(3, dtype=torch.float64, requires_grad=True)
        method = make([p], lr=1.0, **options)
        for _ in range(4):
            p.grad = torch.ones_like(p)
            method.step()
        ends.append(p.detach())
    return (ends[0] - ends[1]).abs().max().item()
