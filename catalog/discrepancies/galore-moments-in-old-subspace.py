"""GaLore's moments keep their coordinates when the subspace changes: an old direction's momentum moves a new one."""

import torch
from galore_torch import GaLoreAdamW


def effect() -> float:
    p = torch.zeros(2, 3, requires_grad=True)
    group = {"params": [p], "rank": 1, "update_proj_gap": 1, "scale": 1.0, "proj_type": "left"}
    method = GaLoreAdamW([group], lr=1.0, no_deprecation_warning=True)
    for entries in (0, slice(None)), (1, 0):
        p.grad = torch.zeros(2, 3)
        p.grad[entries] = 1.0
        method.step()
    return abs(p[1, 1].item())
