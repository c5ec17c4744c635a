"""Lookahead: every k steps of another optimizer, slow weights go a share of the way, and it restarts from there (Zhang et al. 2019)."""

from typing import Annotated

from reference_impls._base import Count, Range
from reference_impls._matrices import refreshed
from reference_impls._requests import Inner
from reference_impls.wrappers._base import Wrapper


class Lookahead(Wrapper):
    buffers = ("slow",)

    def __init__(self, inner, k: Count = 5, alpha: Annotated[float, Range("[0, 1]")] = 0.8, *, compile: bool = False):
        super().__init__(inner, compile, k=k, alpha=alpha)

    def start(self, theta, s, h):
        s.slow = theta

    def update(self, theta, g, s, h):
        synchronize = s.t % h.k == 0
        # [A1.fast] update: where the wrapped optimizer goes
        fast = yield Inner(g)
        # [A1.slow] update: a share of the way, every k steps
        s.slow = refreshed(synchronize, lambda: s.slow + h.alpha * (fast - s.slow), s.slow)
        # [A1.theta] update: the wrapped optimizer goes on from the slow weights
        theta = refreshed(synchronize, lambda: s.slow, fast)
        return theta
