"""jax's example RMSprop adds eps inside of the root, as TensorFlow does."""

import jax
import numpy as np
from jax.example_libraries.optimizers import rmsprop

jax.config.update("jax_enable_x64", True)


def effect() -> float:
    gamma, eps, g = 0.9, 1.0, np.array([0.1, -1.0, 3.0])
    init, update, parameters = rmsprop(1.0, gamma=gamma, eps=eps)
    theta = parameters(update(0, g, init(np.zeros(3))))
    inside = -g / np.sqrt((1 - gamma) * g**2 + eps)
    return float(np.abs(theta - inside).max())
