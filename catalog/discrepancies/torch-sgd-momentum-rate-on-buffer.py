"""torch's SGD with momentum after a change of lr, against Sutskever's form."""

import torch


def effect() -> float:
    p = torch.zeros((), dtype=torch.float64, requires_grad=True)
    method = torch.optim.SGD([p], lr=1.0, momentum=0.9)
    theta = v = 0.0
    for lr in (1.0, 0.1):
        method.param_groups[0]["lr"] = lr
        p.grad = torch.ones_like(p)
        method.step()
        v = 0.9 * v - lr
        theta += v
    return abs(p.item() - theta)
