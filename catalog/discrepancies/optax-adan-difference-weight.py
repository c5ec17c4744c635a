"""optax's Adan weighs the change of the gradient by 1 - beta2, the authors' code by beta2."""

import jax
import numpy as np
import optax

jax.config.update("jax_enable_x64", True)


def effect() -> float:
    b1, b2, b3, eps = 0.98, 0.92, 0.99, 1e-12
    adan = optax.adan(1.0, b1=b1, b2=b2, b3=b3, eps=eps, eps_root=0.0)
    gradients = np.random.default_rng(0).standard_normal((10, 3))
    theirs = ours = m = v = n = last = np.zeros(3)
    state = adan.init(theirs)
    for t, g in enumerate(gradients, 1):
        step, state = adan.update(g, state, theirs)
        theirs = theirs + step
        change = g - last if t > 1 else 0 * g
        m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * change
        n, last = b3 * n + (1 - b3) * (g + b2 * change) ** 2, g
        ours = ours - (m / (1 - b1**t) + b2 * v / (1 - b2**t)) / (np.sqrt(n / (1 - b3**t)) + eps)
    return float(np.abs(theirs - ours).max())
