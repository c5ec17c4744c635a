"""optax's sm3 cannot take a number for a parameter."""

import jax
import optax


def effect() -> float:
    theta, method = jax.numpy.ones(()), optax.sm3(learning_rate=0.1)
    try:
        method.update(theta, method.init(theta), theta)
    except IndexError:
        return 1.0
    return 0.0
