"""torch's SparseAdam has no weight decay, of rows or of whole tensors."""

import inspect

import torch


def effect() -> float:
    return float("weight_decay" in inspect.signature(torch.optim.SparseAdam).parameters)
