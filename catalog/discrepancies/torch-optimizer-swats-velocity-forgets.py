"""After its switch, SWATS of torch-optimizer multiplies the velocity itself by 1 - beta1 in every step."""

import torch
from torch_optimizer import SWATS


def effect() -> float:
    p = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    method = SWATS([p], lr=0.01, betas=(0.9, 0.99), eps=1e-6)
    for _ in range(400):
        before, p.grad = p.detach().clone(), torch.ones_like(p)
        method.step()
    assert method.param_groups[0]["phase"] == "SGD"
    return abs(1 - (before - p.detach()).item() / method.param_groups[0]["lr"])
