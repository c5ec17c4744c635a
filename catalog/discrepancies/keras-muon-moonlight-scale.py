"""Keras' Muon scales a matrix as Moonlight does, not as Muon's author."""

import os

os.environ.setdefault("KERAS_BACKEND", "torch")

import keras
import torch

from reference_impls import Muon


def effect() -> float:
    g = torch.randn(32, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    theirs, p = keras.Variable(torch.zeros(32, 8), dtype="float64"), torch.zeros_like(g, requires_grad=True)
    method, ours = keras.optimizers.Muon(learning_rate=1.0, weight_decay=None), Muon([p], lr=1.0)
    method.build([theirs])
    method.apply([g], [theirs])
    p.grad = g.clone()
    ours.step()
    return abs(float(keras.ops.norm(theirs)) / p.norm().item() - 1)
