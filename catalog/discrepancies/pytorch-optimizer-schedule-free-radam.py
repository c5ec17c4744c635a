"""Schedule-Free RAdam: pytorch-optimizer beside the authors' package."""

import torch
from pytorch_optimizer import ScheduleFreeRAdam
from schedulefree import RAdamScheduleFree


def effect() -> float:
    p, q = (torch.nn.Parameter(torch.tensor([1.0, -2.0, 3.0], dtype=torch.float64)) for _ in range(2))
    optimizers = ScheduleFreeRAdam([p], lr=0.1), RAdamScheduleFree([q], lr=0.1)
    worst = 0.0
    for optimizer in optimizers:
        optimizer.train()
    for _ in range(30):
        for x, optimizer in zip((p, q), optimizers, strict=True):
            x.grad = x.detach() - 1
            optimizer.step()
        worst = max(worst, (p - q).abs().max().item())
    return worst
