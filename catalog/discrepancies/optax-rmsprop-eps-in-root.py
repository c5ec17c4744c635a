"""optax's RMSprop adds eps inside of the root by default, torch's outside."""

import jax
import numpy as np
import optax

jax.config.update("jax_enable_x64", True)


def effect() -> float:
    decay, eps, g = 0.9, 0.01, np.array([0.1, -1.0, 3.0])
    rmsprop = optax.rmsprop(learning_rate=1.0, decay=decay, eps=eps)
    step, _ = rmsprop.update(g, rmsprop.init(g))
    outside = -g / (np.sqrt((1 - decay) * g**2) + eps)
    return float(np.abs(step - outside).max())
