"""Weight decay of torch-optimizer stays behind in the gradients."""

import torch
import torch_optimizer


def effect() -> float:
    left = []
    for name in ("AggMo", "PID", "QHM", "AccSGD", "DiffGrad"):
        p = torch.ones(3, dtype=torch.float64, requires_grad=True)
        options = {"momentum": 0.9} if name == "QHM" else {}
        method = getattr(torch_optimizer, name)([p], lr=0.01, weight_decay=0.1, **options)
        p.grad = torch.zeros_like(p)
        method.step()
        left.append(p.grad.abs().max().item())
    return min(left)
