"""HomeAdam: Adam without the root, which goes home to SGD with momentum where second moments are small (Huang et al. 2026)."""

import torch

from reference_impls._base import Decays, NonNegative, Positive, ReferenceOptimizer
from reference_impls._requests import Total


class HomeAdam(ReferenceOptimizer):
    buffers = ("m", "v")

    def __init__(self, params, lr: NonNegative = 1e-3, betas: Decays = (0.9, 0.99), eps: NonNegative = 1e-7, tau: Positive = 1.0,
                 per_coordinate: bool = False, weight_decay: NonNegative = 0.0, *, compile: bool = False):  # fmt: skip
        super().__init__(params, compile, lr=lr, betas=betas, eps=eps, tau=tau, per_coordinate=per_coordinate, weight_decay=weight_decay)

    def update(self, theta, g, s, h):
        beta1, beta2 = h.betas
        # [A2.m] gradient estimate: running mean
        s.m = beta1 * s.m + (1 - beta1) * g
        # [A2.v] learning rate: running mean of the squares
        s.v = beta2 * s.v + (1 - beta2) * g**2
        # [A2.m_hat] gradient estimate: undo the start at zero
        m_hat = s.m / (1 - beta1**s.t)
        # [A2.v_hat] learning rate: undo the start at zero
        v_hat = s.v / (1 - beta2**s.t)
        # [A2.below] learning rate: how many entries of the model are below the threshold
        low = yield Total((v_hat < h.tau).sum())
        # [A2.adaptive] learning rate: all go home for a single one, or each for itself
        home = v_hat < h.tau if h.per_coordinate else low > 0
        # [A2.d] learning rate: home is momentum as it is, elsewhere it is divided
        u = torch.where(home, m_hat, m_hat / (v_hat + h.eps))
        # [A2.theta] update: step and decay
        theta = theta - h.lr * (u + h.weight_decay * theta)
        return theta
