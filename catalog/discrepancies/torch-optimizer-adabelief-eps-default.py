"""The default eps of torch-optimizer's AdaBelief, which once was 1e-3."""

import inspect

from torch_optimizer import AdaBelief


def effect() -> float:
    return abs(inspect.signature(AdaBelief).parameters["eps"].default - 1e-8)
