"""Optimizers of pytorch-optimizer leave another gradient behind than they were given."""

import pytorch_optimizer
import torch


def effect() -> float:
    rows = torch.randn(3, 4, 4, generator=torch.Generator().manual_seed(0))
    changes = []
    for name in ("Muon", "LARS", "NovoGrad", "ScheduleFreeAdamW"):
        p = torch.ones(4, 4, requires_grad=True)
        group = {"params": [p], "use_muon": True} if name == "Muon" else {"params": [p]}
        method, worst = getattr(pytorch_optimizer, name)([group], lr=0.01), 0.0
        for g in rows:
            p.grad = g.clone()
            method.step()
            worst = max(worst, (p.grad - g).abs().max().item())
        changes.append(worst)
    return min(changes)
