"""optax's AdamW scales the decay by the learning rate, the paper by the schedule's factor only."""

import jax
import numpy as np
import optax

jax.config.update("jax_enable_x64", True)


def effect() -> float:
    adamw = optax.adamw(1e-3, weight_decay=1e-2)
    p = np.ones(1)
    step, _ = adamw.update(np.zeros(1), adamw.init(p), p)
    return float(np.abs(p + step - (1 - 1e-2)).max())
