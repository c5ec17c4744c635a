"""optax's AdaBelief defaults to an eps of 1e-16 where the paper has 1e-8."""

import jax
import numpy as np
import optax

jax.config.update("jax_enable_x64", True)


def effect() -> float:
    g = np.array([1e-6])
    steps = []
    for adabelief in (optax.adabelief(1.0), optax.adabelief(1.0, eps=1e-8, eps_root=1e-8)):
        step, _ = adabelief.update(g, adabelief.init(g), g)
        steps.append(float(step[0]))
    return abs(steps[0] - steps[1])
