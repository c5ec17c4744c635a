"""Megatron's scheduler leaves the constructor's weight decay in place when a state is loaded."""

import torch
from megatron.core.optimizer_param_scheduler import OptimizerParamScheduler


def effect() -> float:
    schedulers = []
    for decay in (0.1, 0.01):
        method = torch.optim.AdamW([torch.ones(1, requires_grad=True)], lr=1e-3)
        rate = {"init_lr": 0.0, "max_lr": 1e-3, "min_lr": 0.0, "lr_warmup_steps": 0, "lr_decay_steps": 100, "lr_decay_style": "linear"}
        fall = {"start_wd": decay, "end_wd": decay, "wd_incr_steps": 100, "wd_incr_style": "constant"}
        schedulers.append(OptimizerParamScheduler(method, **rate, **fall))
    saved, resumed = schedulers
    saved.step(5)
    resumed.load_state_dict(saved.state_dict())
    return abs(resumed.optimizer.param_groups[0]["weight_decay"] / 0.1 - 1)
