"""D-Adaptation's Adam: the estimate of the distance falls below 0 when the gradient turns."""

import torch
from dadaptation import DAdaptAdam


def effect() -> float:
    beta2 = 0.9
    p = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    method = DAdaptAdam([p], betas=(0.9, beta2))
    lowest = 0.0
    for t in range(60):
        p.grad = torch.full_like(p, 1.0 if t < 30 else -1.0)
        method.step()
        size = method.state[p]["s"].abs().sum().item()
        lowest = min(lowest, method.param_groups[0]["numerator_weighted"] / ((1 - beta2**0.5) * size) / method.param_groups[0]["d"])
    return -lowest
