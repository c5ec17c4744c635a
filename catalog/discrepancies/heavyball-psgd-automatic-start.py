"""HeavyBall's PSGD-Kron cannot start with a zero gradient unless told a scale."""

import heavyball
import torch


def effect() -> float:
    p = torch.ones(4, 3, requires_grad=True)
    method = heavyball.PSGDKron([p], lr=0.1, compile_step=False)
    p.grad = torch.zeros(4, 3)
    mode, heavyball.utils.compile_mode = heavyball.utils.compile_mode, None
    try:
        method.step()
    except ValueError:
        return 1.0
    finally:
        heavyball.utils.compile_mode = mode
    return 0.0 if p.isfinite().all() else 1.0
