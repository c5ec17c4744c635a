"""optax's lbfgs climbs where the curvature is negative."""

import jax
import optax
import torch

jax.config.update("jax_enable_x64", True)


def effect() -> float:
    x, method = jax.numpy.ones(1), optax.lbfgs(learning_rate=0.1, linesearch=None)
    state = method.init(x)
    p = torch.ones(1, dtype=torch.float64, requires_grad=True)
    other = torch.optim.LBFGS([p], lr=0.1, max_iter=1)

    def closure() -> torch.Tensor:
        p.grad = -p.detach()
        return -(p.detach() ** 2).sum() / 2

    for _ in range(2):
        step, state = method.update(-x, state, x)
        x = optax.apply_updates(x, step)
        other.step(closure)
    return abs(float(x[0]) - p.item())
