"""torch's Adam makes its step counter in float64 where that is the default type."""

import torch


def effect() -> float:
    default = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        p = torch.ones(2, requires_grad=True)
        method = torch.optim.Adam([p])
        p.grad = torch.ones(2)
        method.step()
    finally:
        torch.set_default_dtype(default)
    return float(method.state[p]["step"].dtype is not torch.float64)
