"""optax's nadam leaves out the factor b2 that Algorithm 2 of the workshop paper has."""

import jax
import numpy as np
import optax

jax.config.update("jax_enable_x64", True)


def effect() -> float:
    b1, b2, g = 0.9, 0.5, np.ones(1)
    nadam = optax.nadam(learning_rate=1.0, b1=b1, b2=b2)
    step, _ = nadam.update(g, nadam.init(g))
    m_hat = b1 * (1 - b1) * g / (1 - b1**2) + g
    n_hat = b2 * ((1 - b2) * g**2) / (1 - b2)
    return float(np.abs(step + m_hat / (np.sqrt(n_hat) + 1e-8)).max())
