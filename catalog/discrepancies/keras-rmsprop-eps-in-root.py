"""Keras' RMSprop adds epsilon inside of the root."""

import os

import numpy as np

os.environ.setdefault("KERAS_BACKEND", "torch")
import keras


def effect() -> float:
    rho, epsilon, g = 0.9, 1.0, np.array([0.1, -1.0, 3.0], "float32")
    p = keras.Variable(np.zeros(3, "float32"))
    rmsprop = keras.optimizers.RMSprop(learning_rate=1.0, rho=rho, epsilon=epsilon)
    rmsprop.apply([keras.ops.convert_to_tensor(g)], [p])
    outside = -g / (np.sqrt((1 - rho) * g**2) + epsilon)
    return float(np.abs(keras.ops.convert_to_numpy(p.value) - outside).max())
