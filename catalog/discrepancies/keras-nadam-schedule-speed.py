"""Keras' Nadam warms its momentum 250 times as fast as torch's default."""

import os

os.environ.setdefault("KERAS_BACKEND", "torch")

import keras
import numpy as np
import torch

from reference_impls import Nadam


def effect() -> float:
    rows = np.random.default_rng(0).standard_normal((12, 4))
    theirs, p = keras.Variable(np.zeros(4), dtype="float64"), torch.zeros(4, dtype=torch.float64, requires_grad=True)
    method, ours = keras.optimizers.Nadam(learning_rate=0.01, epsilon=1e-8), Nadam([p], lr=0.01)
    method.build([theirs])
    for g in rows:
        p.grad = torch.tensor(g)
        method.apply([p.grad.clone()], [theirs])
        ours.step()
    return float(np.abs(keras.ops.convert_to_numpy(theirs) - p.detach().numpy()).max() / 0.01)
