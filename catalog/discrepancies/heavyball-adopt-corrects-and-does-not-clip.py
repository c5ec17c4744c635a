"""HeavyBall's ADOPT corrects its momentum for a start at zero, the official code does not."""

import heavyball
import torch

from reference_impls import ADOPT


def effect() -> float:
    mode, heavyball.utils.compile_mode = heavyball.utils.compile_mode, None
    try:
        ends = []
        for make, options in ((heavyball.ADOPT, {"compile_step": False}), (ADOPT, {})):
            p = torch.zeros(1, requires_grad=True)
            method = make([p], lr=1.0, betas=(0.9, 0.99), **options)
            for _ in range(2):
                p.grad = torch.ones(1)
                method.step()
            ends.append(p.item())
    finally:
        heavyball.utils.compile_mode = mode
    return abs(ends[0] - ends[1])
