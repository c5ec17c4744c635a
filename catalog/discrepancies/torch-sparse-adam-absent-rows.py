"""torch's SparseAdam leaves rows without gradient alone, Adam does not."""

import torch


def effect() -> float:
    ends = []
    for make in (torch.optim.SparseAdam, torch.optim.Adam):
        p = torch.zeros(2, 1, dtype=torch.float64, requires_grad=True)
        method = make([p], lr=0.1)
        for row in (0, 1, 1):
            g = torch.zeros_like(p)
            g[row] = 1.0
            p.grad = g.to_sparse(1) if make is torch.optim.SparseAdam else g
            method.step()
        ends.append(p.detach())
    return (ends[0] - ends[1]).abs().max().item() / 0.1
