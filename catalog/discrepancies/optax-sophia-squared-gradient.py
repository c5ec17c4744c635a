"""optax's Sophia estimates the diagonal of the Hessian, with its sign."""

import jax
import numpy as np
import optax

jax.config.update("jax_enable_x64", True)


def effect() -> float:
    curvatures, x = np.array([-2.0, 3.0]), jax.numpy.ones(2)

    def loss(x: jax.Array) -> jax.Array:
        return (curvatures * x**2).sum() / 2

    method = optax.contrib.sophia(learning_rate=0.1, b2=0.99)
    with jax.disable_jit():
        _, state = method.update(jax.grad(loss)(x), method.init(x), x, obj_fn=loss)
    return float(np.abs(np.asarray(state[0].nu) / (1 - 0.99) - curvatures).max())
