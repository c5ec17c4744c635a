"""optax's yogi moves a weight whose gradient is zero."""

import jax
import numpy as np
import optax

jax.config.update("jax_enable_x64", True)


def effect() -> float:
    method = optax.yogi(learning_rate=1.0)
    step, _ = method.update(np.zeros(1), method.init(np.zeros(1)))
    return abs(float(np.asarray(step)[0]))
