"""MLX's Adam does not correct its moments for their start at zero, unless asked."""

import mlx.core as mx
from mlx.optimizers import Adam


def effect() -> float:
    p, g = {"w": mx.array([0.0])}, {"w": mx.array([1.0])}
    return abs(Adam(learning_rate=1.0).apply_gradients(g, p)["w"].item() + 1)
