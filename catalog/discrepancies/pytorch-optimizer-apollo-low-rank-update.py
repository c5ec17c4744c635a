"""APOLLO of pytorch-optimizer makes updates of low rank, the paper's keep the gradient's."""

import torch
from pytorch_optimizer import APOLLO


def effect() -> float:
    g = torch.randn(4, 6, generator=torch.Generator().manual_seed(0))
    p = torch.zeros(4, 6, requires_grad=True)
    group = {"params": [p], "rank": 2, "update_proj_gap": 10, "scale": 1.0, "projection_type": "left"}
    method = APOLLO([group], lr=1.0, scale_type="channel")
    p.grad = g.clone()
    method.step()
    ranks = [int(torch.linalg.matrix_rank(x, rtol=1e-4)) for x in (g, p.detach())]
    return float(ranks[0] - ranks[1])
