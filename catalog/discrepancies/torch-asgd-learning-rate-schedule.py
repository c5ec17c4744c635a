"""torch's ASGD uses a changed learning rate one step late."""

import torch


def effect() -> float:
    p = torch.zeros((), dtype=torch.float64, requires_grad=True)
    method = torch.optim.ASGD([p], lr=1.0, lambd=0.0)
    for lr in (1.0, 0.5):
        method.param_groups[0]["lr"] = lr
        p.grad = torch.ones_like(p)
        method.step()
    return abs(p.item() + 1.0 + 0.5)
