"""HeavyBall's AdamW holds the root of the second moment above eps, the paper adds eps to it."""

import heavyball
import torch


def effect() -> float:
    g = eps = 0.01
    p = torch.zeros(1, requires_grad=True)
    method = heavyball.AdamW([p], lr=1.0, eps=eps, weight_decay=0.0, compile_step=False)
    p.grad = torch.full_like(p, g)
    mode, heavyball.utils.compile_mode = heavyball.utils.compile_mode, None
    try:
        method.step()
    finally:
        heavyball.utils.compile_mode = mode
    return abs(p.item() + g / (g + eps))
