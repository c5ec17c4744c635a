"""D-Adaptation for Adam with bias correction: pytorch-optimizer beside the authors' package."""

import torch
from dadaptation import DAdaptAdam as Authors
from pytorch_optimizer import DAdaptAdam


def effect() -> float:
    p, q = (torch.nn.Parameter(torch.tensor([1.0, -2.0, 3.0], dtype=torch.float64)) for _ in range(2))
    optimizers = DAdaptAdam([p], d0=1e-3, bias_correction=True), Authors([q], d0=1e-3, use_bias_correction=True)
    worst = 0.0
    for _ in range(30):
        for x, optimizer in zip((p, q), optimizers, strict=True):
            x.grad = x.detach() - 1
            optimizer.step()
        worst = max(worst, (p - q).abs().max().item())
    return worst
