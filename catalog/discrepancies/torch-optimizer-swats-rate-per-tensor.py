"""SWATS of torch-optimizer estimates a rate for each tensor and switches all by the first one that settles."""

import torch
from torch_optimizer import SWATS as Theirs

from reference_impls import SWATS


def effect() -> float:
    ends = []
    for make in (Theirs, SWATS):
        pair = [torch.zeros(1, dtype=torch.float64, requires_grad=True) for _ in range(2)]
        method = make(pair, lr=0.01, betas=(0.9, 0.99), eps=1e-6)
        for t in range(100):
            pair[0].grad, pair[1].grad = torch.ones_like(pair[0]), torch.full_like(pair[1], 1.0 + 5 * (-1) ** t)
            method.step()
        ends.append(torch.cat([p.detach() for p in pair]))
    return (ends[0] - ends[1]).abs().max().item()
