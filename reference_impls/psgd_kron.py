"""PSGD-Kron: a Kronecker-product preconditioner, fitted step by step so that the gradient becomes white (Li 2015, 2022)."""

import torch

from reference_impls._base import Buffer, Count, Fraction, NonNegative, Positive, ReferenceOptimizer
from reference_impls._matrices import largest_row_bound
from reference_impls._requests import Draw


class PSGDKron(ReferenceOptimizer):
    buffers = ("m", Buffer("q_left", ("rows", "rows"), "matrices"), Buffer("q_right", ("cols", "cols"), "matrices"),
               Buffer("q", applies_to="vectors"))  # fmt: skip
    elementwise = False

    def __init__(self, params, lr: NonNegative = 3e-4, momentum: Fraction = 0.9, precondition_lr: NonNegative = 0.1,
                 precondition_frequency: Count = 1, max_rms: Positive = 1.1, weight_decay: NonNegative = 0.0,
                 *, compile: bool = False):  # fmt: skip
        super().__init__(params, compile, lr=lr, momentum=momentum, precondition_lr=precondition_lr,
                         precondition_frequency=precondition_frequency, max_rms=max_rms, weight_decay=weight_decay)  # fmt: skip

    def start(self, theta, s, h):
        if theta.dim() >= 2:
            s.q_left, s.q_right = (x + torch.eye(x.shape[-1], dtype=x.dtype, device=x.device) for x in (s.q_left, s.q_right))
        else:
            s.q = torch.ones_like(theta)

    def update(self, theta, g, s, h):
        due = s.t % h.precondition_frequency == 0
        # [C.m] gradient estimate: running mean
        s.m = h.momentum * s.m + (1 - h.momentum) * g
        # [C.m_hat] gradient estimate: undo the start at zero
        m_hat = s.m / (1 - h.momentum**s.t)
        # [C.v] learning rate: what a white gradient would look like
        v = yield Draw("gaussian", theta)
        if theta.dim() >= 2:
            # [C.a] learning rate: the gradient, whitened so far
            a = s.q_left @ m_hat @ s.q_right.mT
            # [C.b] learning rate: the noise, turned the other way
            b = torch.linalg.solve_triangular(s.q_left.mT, v, upper=False)
            b = torch.linalg.solve_triangular(s.q_right, b, upper=True, left=False)
            # [C.s_left] learning rate: second moments of both, over the rows
            s_left = a @ a.mT + b @ b.mT
            # [C.n_left] learning rate: and about how large they are
            n_left = largest_row_bound(s_left)
            # [C.q_left] learning rate: towards equal ones, within the triangular matrices
            q_left = s.q_left - h.precondition_lr * torch.triu(a @ a.mT - b @ b.mT) @ s.q_left / n_left
            s.q_left = torch.where(due, q_left, s.q_left)
            # [C.s_right] learning rate: the same for the columns
            s_right = a.mT @ a + b.mT @ b
            # [C.n_right] learning rate: their size
            n_right = largest_row_bound(s_right)
            # [C.q_right] learning rate: and their factor
            q_right = s.q_right - h.precondition_lr * torch.triu(a.mT @ a - b.mT @ b) @ s.q_right / n_right
            s.q_right = torch.where(due, q_right, s.q_right)
            # [C.p] learning rate: each factor acts twice on the gradient
            p = s.q_left.mT @ s.q_left @ m_hat @ s.q_right.mT @ s.q_right
        else:
            # [C2.a] learning rate: of a vector, entry by entry
            a = (s.q * m_hat) ** 2
            # [C2.b] learning rate: the noise, turned the other way
            b = (v / s.q) ** 2
            # [C2.q] learning rate: towards equal second moments
            s.q = torch.where(due, s.q - h.precondition_lr * (a - b) * s.q / (a + b).max(), s.q)
            # [C2.p] learning rate: the factor acts twice on the gradient
            p = s.q**2 * m_hat
        # [C.p_bar] learning rate: not much longer than a white gradient
        p_bar = p * torch.clamp(h.max_rms / (torch.sqrt((p**2).mean()) + 1e-12), max=1)
        if theta.dim() >= 2:
            # [C.theta] update: along it, with decay of the weights
            theta = theta - h.lr * (p_bar + h.weight_decay * theta)
        else:
            # [C2.theta] update: a vector does not decay
            theta = theta - h.lr * p_bar
        return theta
