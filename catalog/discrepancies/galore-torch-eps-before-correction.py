"""The authors' GaLore adds eps before the second moment is corrected."""

import torch
from galore_torch import GaLoreAdamW

from reference_impls import GaLore


def effect() -> float:
    ends = []
    for theirs in (True, False):
        p = torch.zeros(2, 2, dtype=torch.float64, requires_grad=True)
        group = {"params": [p], "rank": 1, "update_proj_gap": 10, "scale": 1.0, "proj_type": "left"}
        if theirs:
            method = GaLoreAdamW([group], lr=1.0, eps=0.1, no_deprecation_warning=True)
        else:
            method = GaLore([p], lr=1.0, eps=0.1, rank=1, update_proj_gap=10, scale=1.0)
        p.grad = torch.ones_like(p)
        method.step()
        ends.append(p.detach())
    return (ends[0] - ends[1]).abs().max().item()
