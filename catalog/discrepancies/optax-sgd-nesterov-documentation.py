"""optax's sgd with Nesterov momentum does what its documentation prints today."""

import jax
import numpy as np
import optax

jax.config.update("jax_enable_x64", True)


def effect() -> float:
    mu, m, worst = 0.9, np.zeros(3), 0.0
    method = optax.sgd(learning_rate=1.0, momentum=mu, nesterov=True)
    state = method.init(m)
    for g in np.random.default_rng(0).standard_normal((5, 3)):
        step, state = method.update(g, state)
        m = g + mu * m
        worst = max(worst, float(np.abs(step + (g + mu * m)).max()))
    return worst
