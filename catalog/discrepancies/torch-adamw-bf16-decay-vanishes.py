"""torch's AdamW does not decay bfloat16 weights at usual rates."""

import torch


def effect() -> float:
    lr, decay, steps = 1e-4, 0.1, 300
    p = torch.ones(3, dtype=torch.bfloat16, requires_grad=True)
    method = torch.optim.AdamW([p], lr=lr, weight_decay=decay)
    p.grad = torch.zeros_like(p)
    for _ in range(steps):
        method.step()
    return abs(1 - (1 - p[0].item()) / (1 - (1 - lr * decay) ** steps))
