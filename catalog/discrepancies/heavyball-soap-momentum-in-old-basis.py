"""HeavyBall's SOAP follows a rotation of the gradients, new eigenvectors in every step or not."""

import heavyball
import torch


def effect() -> float:
    draw = torch.Generator().manual_seed(0)
    rows, turn = torch.randn(8, 4, 3, generator=draw), torch.linalg.qr(torch.randn(4, 4, generator=draw))[0]
    mode, heavyball.utils.compile_mode = heavyball.utils.compile_mode, None
    try:
        ends = []
        for gradients in (rows, turn @ rows):
            p = torch.zeros(4, 3, requires_grad=True)
            method = heavyball.SOAP([p], lr=0.01, precondition_frequency=1, compile_step=False)
            for g in gradients:
                p.grad = g.clone()
                method.step()
            ends.append(p.detach())
    finally:
        heavyball.utils.compile_mode = mode
    return (turn @ ends[0] - ends[1]).abs().max().item() / 0.01
