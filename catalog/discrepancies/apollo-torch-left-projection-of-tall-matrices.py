"""The authors' APOLLO cannot project a tall matrix from the left."""

import torch
from apollo_torch import APOLLOAdamW


def effect() -> float:
    p = torch.zeros(6, 4, requires_grad=True)
    group = {"params": [p], "rank": 2, "update_proj_gap": 10, "scale": 1.0, "proj": "random", "proj_type": "left", "scale_type": "channel"}
    method = APOLLOAdamW([group], lr=1.0)
    p.grad = torch.randn(6, 4, generator=torch.Generator().manual_seed(0))
    try:
        method.step()
    except RuntimeError:
        return 1.0
    return 0.0
