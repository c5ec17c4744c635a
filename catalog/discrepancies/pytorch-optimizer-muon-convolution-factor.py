"""Muon of pytorch-optimizer treats a convolution's kernel as the flattened matrix."""

import torch
from pytorch_optimizer import Muon


def effect() -> float:
    g = torch.randn(8, 2, 3, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    ends = []
    for gradient in (g, g.flatten(1)):
        p = torch.zeros_like(gradient, requires_grad=True)
        method = Muon([{"params": [p], "use_muon": True}], lr=1.0)
        p.grad = gradient.clone()
        method.step()
        ends.append(p.detach().flatten(1))
    return (ends[0] - ends[1]).abs().max().item()
