"""torch's ASGD takes the same steps with and without foreach when a parameter skips some."""

import torch


def effect() -> float:
    ends = []
    for foreach in (True, False):
        pair = [torch.ones(2, dtype=torch.float64, requires_grad=True) for _ in range(2)]
        method = torch.optim.ASGD(pair, lr=0.1, lambd=0.1, t0=0, foreach=foreach)
        for t in range(6):
            pair[0].grad = torch.full((2,), 1.0 + t, dtype=torch.float64)
            pair[1].grad = pair[0].grad.clone() if t >= 3 else None
            method.step()
        ends.append(torch.cat([p.detach() for p in pair] + [method.state[p]["ax"] for p in pair]))
    return (ends[0] - ends[1]).abs().max().item()
