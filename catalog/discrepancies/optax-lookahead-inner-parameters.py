"""optax's lookahead hands its inner optimizer the fast weights."""

import jax
import numpy as np
import optax
import torch

from reference_impls import Lookahead

jax.config.update("jax_enable_x64", True)


def effect() -> float:
    inner = optax.chain(optax.add_decayed_weights(0.1), optax.sgd(0.1))
    method = optax.lookahead(inner, sync_period=2, slow_step_size=0.5)
    pair = optax.LookaheadParams.init_synced(jax.numpy.ones(3))
    state = method.init(pair)
    p = torch.ones(3, dtype=torch.float64, requires_grad=True)
    ours = Lookahead(torch.optim.SGD([p], 0.1, weight_decay=0.1), k=2, alpha=0.5)
    for g in np.random.default_rng(0).standard_normal((5, 3)):
        step, state = method.update(jax.numpy.asarray(g), state, pair)
        pair = optax.apply_updates(pair, step)
        p.grad = torch.tensor(g)
        ours.step()
    return float(np.abs(np.asarray(pair.fast) - p.detach().numpy()).max())
