"""torch's adaptive optimizers treat a complex weight as two real ones."""

import torch


def effect() -> float:
    rows = torch.randn(8, 3, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    worst = 0.0
    for name in ("Adam", "Adagrad", "RMSprop", "Adadelta", "NAdam", "RAdam", "Adamax"):
        z, pair = torch.ones(3, dtype=torch.complex128, requires_grad=True), torch.tensor([[1.0, 0.0]] * 3, dtype=torch.float64)
        pair.requires_grad_()
        both = [getattr(torch.optim, name)([p], lr=0.1) for p in (z, pair)]
        for g in rows:
            z.grad, pair.grad = torch.view_as_complex(g.clone()), g.clone()
            for method in both:
                method.step()
        worst = max(worst, (torch.view_as_real(z.detach()) - pair.detach()).abs().max().item())
    return worst
