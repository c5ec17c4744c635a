"""GaLore's mode reverse_std fails where a wide matrix has as many rows as the rank."""

import torch
from galore_torch import GaLoreAdamW


def effect() -> float:
    p = torch.zeros(4, 6, requires_grad=True)
    group = {"params": [p], "rank": 4, "update_proj_gap": 10, "scale": 1.0, "proj_type": "reverse_std"}
    method = GaLoreAdamW([group], lr=1.0, no_deprecation_warning=True)
    p.grad = torch.randn(4, 6, generator=torch.Generator().manual_seed(0))
    try:
        method.step()
    except RuntimeError:
        return 1.0
    return 0.0
