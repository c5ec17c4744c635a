"""optax's sophia takes its first step without the Hessian that it has just estimated."""

import jax
import numpy as np
import optax

jax.config.update("jax_enable_x64", True)


def effect() -> float:
    b1, b2, gamma, curvature, x = 0.965, 0.99, 0.01, 1e4, jax.numpy.full(1, 1e-4)

    def loss(x: jax.Array) -> jax.Array:
        return (curvature * x**2).sum() / 2

    method = optax.contrib.sophia(learning_rate=1.0, b1=b1, b2=b2, gamma=gamma, weight_decay=0.0)
    with jax.disable_jit():
        step, _ = method.update(jax.grad(loss)(x), method.init(x), x, obj_fn=loss)
    m, h = (1 - b1) * curvature * float(x[0]), (1 - b2) * curvature
    return abs(float(step[0]) + np.clip(m / max(gamma * h, 1e-8), -1, 1))
