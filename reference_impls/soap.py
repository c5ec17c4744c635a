"""SOAP: Adam in the slowly turning eigenvectors of Shampoo's two matrices (Vyas et al. 2024)."""

import torch

from reference_impls._base import Buffer, Count, Decays, NonNegative, ReferenceOptimizer
from reference_impls._matrices import eigenvectors, qr, refreshed


class SOAP(ReferenceOptimizer):
    buffers = ("m", "v", *(Buffer(n, ("rows", "rows"), "matrices") for n in ("l", "q_left")),
               *(Buffer(n, ("cols", "cols"), "matrices") for n in ("r", "q_right")))  # fmt: skip
    elementwise = False

    def __init__(self, params, lr: NonNegative = 3e-3, betas: Decays = (0.95, 0.95), eps: NonNegative = 1e-8,
                 weight_decay: NonNegative = 0.01, precondition_frequency: Count = 10, *, compile: bool = False):  # fmt: skip
        super().__init__(params, compile, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay,
                         precondition_frequency=precondition_frequency)  # fmt: skip

    def start(self, theta, s, h):
        if theta.dim() >= 2:
            s.q_left, s.q_right = (x + torch.eye(x.shape[-1], dtype=x.dtype, device=x.device) for x in (s.q_left, s.q_right))

    def update(self, theta, g, s, h):
        beta1, beta2 = h.betas
        begun = s.t > 1
        if theta.dim() >= 2:
            # [A3.g_rot] gradient estimate: the gradient in the eigenvectors
            g_rot = s.q_left.mT @ g @ s.q_right
            # [C.m_rot] gradient estimate: the running mean there, where it is kept
            m_rot = torch.where(begun, beta1 * s.m + (1 - beta1) * g_rot, s.m)
        else:
            # [S4.m] gradient estimate: running mean of a vector, not rotated
            s.m = torch.where(begun, beta1 * s.m + (1 - beta1) * g, s.m)
        if theta.dim() >= 2:
            # [A3.v] learning rate: running mean of the rotated squares
            s.v = torch.where(begun, beta2 * s.v + (1 - beta2) * g_rot**2, s.v)
        else:
            # [S4.v] learning rate: of a vector, not rotated
            s.v = torch.where(begun, beta2 * s.v + (1 - beta2) * g**2, s.v)
        if theta.dim() >= 2:
            # [A3.n_rot] learning rate: Adam's step there
            n_rot = m_rot / (torch.sqrt(s.v) + h.eps)
            # [A3.n] learning rate: and back
            n = s.q_left @ n_rot @ s.q_right.mT
        else:
            # [S4.n] learning rate: Adam's step of a vector
            n = s.m / (torch.sqrt(s.v) + h.eps)
        # [C.k] learning rate: the first step does not count
        k = (s.t - 1).clamp(min=1)
        # [C.eta] learning rate: undo the start at zero
        eta = h.lr * torch.sqrt(1 - beta2**k) / (1 - beta1**k)
        # [A3.theta] update: the first step only collects
        theta = torch.where(begun, (theta - eta * n) * (1 - h.lr * h.weight_decay), theta)
        if theta.dim() >= 2:
            # [A3.l] learning rate: running mean of row products, for the steps after this one
            s.l = beta2 * s.l + (1 - beta2) * g @ g.mT
            # [A3.r] learning rate: running mean of column products
            s.r = beta2 * s.r + (1 - beta2) * g.mT @ g
            first, due = s.t == 1, (s.t - 1) % h.precondition_frequency == 0
            q_left, q_right = s.q_left, s.q_right
            # [A4.q_left] learning rate: a full decomposition once, later a power step
            s.q_left = refreshed(due, lambda: refreshed(first, lambda: eigenvectors(-s.l), qr(s.l @ s.q_left)), s.q_left)
            # [A4.q_right] learning rate: the same for the columns
            s.q_right = refreshed(due, lambda: refreshed(first, lambda: eigenvectors(-s.r), qr(s.r @ s.q_right)), s.q_right)
            # [C.m] gradient estimate: out of the old eigenvectors, into the new ones
            s.m = refreshed(due, lambda: s.q_left.mT @ (q_left @ m_rot @ q_right.mT) @ s.q_right, m_rot)
        return theta
