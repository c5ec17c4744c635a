"""torch hands a saved state to parameters by their order, names or not."""

import torch


def effect() -> float:
    named = [(name, torch.ones(2, dtype=torch.float64, requires_grad=True)) for name in ("first", "second")]
    method = torch.optim.SGD(named, lr=0.1, momentum=0.9)
    for (_, p), size in zip(named, (1.0, 3.0), strict=True):
        p.grad = torch.full_like(p, size)
    method.step()
    other = torch.optim.SGD(named[::-1], lr=0.1, momentum=0.9)
    other.load_state_dict(method.state_dict())
    p = named[0][1]
    return (other.state[p]["momentum_buffer"] - method.state[p]["momentum_buffer"]).abs().max().item()
