"""torch's ASGD on large complex weights against the same numbers as pairs of reals."""

import itertools

import torch


def effect() -> float:
    rows = torch.randn(8, 3, 2, generator=torch.Generator().manual_seed(0))
    worst = 0.0
    for size, foreach in itertools.product((1.0, 1e6, 1e12), (False, True)):
        pair = torch.full((3, 2), size, requires_grad=True)
        z = torch.view_as_complex(pair.detach().clone()).requires_grad_()
        both = [torch.optim.ASGD([p], lr=0.1, foreach=foreach) for p in (z, pair)]
        for g in size * rows:
            z.grad, pair.grad = torch.view_as_complex(g.clone()), g.clone()
            for method in both:
                method.step()
        worst = max(worst, (torch.view_as_real(z.detach()) - pair.detach()).abs().max().item() / size)
    return worst
