"""HeavyBall's LaProp takes no notice of its eps."""

import heavyball
import torch


def effect() -> float:
    eps = 0.5
    p = torch.zeros(1, requires_grad=True)
    method = heavyball.LaProp([p], lr=1.0, eps=eps, compile_step=False)
    p.grad = torch.ones(1)
    mode, heavyball.utils.compile_mode = heavyball.utils.compile_mode, None
    try:
        method.step()
    finally:
        heavyball.utils.compile_mode = mode
    return abs(p.item() + 1 / (1 + eps))
