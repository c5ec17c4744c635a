"""torch's RMSprop adds eps outside of the root, TensorFlow's inside."""

import torch


def effect() -> float:
    lr, alpha, eps = 1.0, 0.9, 1.0
    p = torch.nn.Parameter(torch.zeros(3, dtype=torch.float64))
    p.grad = torch.tensor([0.1, -1.0, 3.0], dtype=torch.float64)
    torch.optim.RMSprop([p], lr=lr, alpha=alpha, eps=eps).step()
    inside = -lr * p.grad / ((1 - alpha) * p.grad**2 + eps).sqrt()
    return (p.detach() - inside).abs().max().item()
