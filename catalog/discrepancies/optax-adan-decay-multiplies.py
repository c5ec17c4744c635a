"""optax's Adan multiplies weights by 1 - lr*decay, where the authors' code divides by 1 + lr*decay."""

import jax
import numpy as np
import optax

jax.config.update("jax_enable_x64", True)


def effect() -> float:
    lr, decay, p = 0.2, 0.5, np.ones(1)
    adan = optax.adan(lr, weight_decay=decay)
    step, _ = adan.update(np.zeros(1), adan.init(p), p)
    return float(np.abs(p + step - 1 / (1 + lr * decay)).max())
