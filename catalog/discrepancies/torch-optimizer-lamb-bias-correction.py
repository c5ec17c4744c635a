"""torch-optimizer's LAMB computes the trust ratio from uncorrected moments."""

import torch
import torch_optimizer

from reference_impls import LAMB


def effect() -> float:
    lr, ends = 0.01, []
    for make, more in ((LAMB, {}), (torch_optimizer.Lamb, {"debias": True, "clamp_value": 1e30})):
        p = torch.nn.Parameter(torch.tensor([1.0, -2.0, 3.0], dtype=torch.float64))
        lamb = make([p], lr=lr, eps=1e-6, weight_decay=0.1, **more)
        for _ in range(3):
            p.grad = p.detach() - 1
            lamb.step()
        ends.append(p.detach())
    return (ends[0] - ends[1]).abs().max().item() / lr
