"""What a rule reads and writes: state slots, the bag of names, and tensors as the rule sees them."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor

State = dict[str, Tensor]
tracer: ContextVar[Callable[[Tensor], Tensor] | None] = ContextVar("tracer", default=None)


@contextmanager
def tracing(mark: Callable[[Tensor], Tensor]) -> Iterator[None]:
    """Within, a rule is followed into a graph: both branches of a choice are taken, and `mark` notes where one is seldom due."""
    token = tracer.set(mark)
    try:
        yield
    finally:
        tracer.reset(token)


class Names:
    """Values read as attributes: a parameter's slots and step number (`s.m`, `s.t`), or the hyperparameters (`h.lr`).

    Writing a name that is not there is an AttributeError, so a misspelt slot does not become a lost one.
    """

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.__dict__.update(values)

    def __getattr__(self, name: str) -> Any:  # only what is not there comes here
        raise AttributeError(f"{name!r} is not declared; declared are {', '.join(self.__dict__)}")

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in self.__dict__:
            raise AttributeError(f"{name!r} is not declared; declared are {', '.join(self.__dict__)}")
        self.__dict__[name] = value


@dataclass(frozen=True)
class Buffer:
    """A state slot that is not simply shaped as its parameter, or is not always kept.

    `shape`: "parameter", "scalar", or lengths out of "rows", "cols", "size", whole numbers and names of hyperparameters, which stand
    for the last two axes (axes in front of them stay). With "size", or with "channels" (the first axis) and "inputs" (all others
    together), as in a layer's weight, they stand for the whole tensor. `applies_to`: "matrices" have two or more axes, "vectors" fewer.
    `scaled_by` names the hyperparameter that the slot is multiplied by wherever it is read: while that is the number 0, the slot is not
    kept, and later it starts at zero.
    """

    name: str
    shape: str | tuple[str | int, ...] = "parameter"
    applies_to: Literal["all", "matrices", "vectors"] = "all"
    scaled_by: str = ""

    def fits(self, theta: Tensor) -> bool:
        return self.applies_to in ("all", "matrices" if theta.dim() >= 2 else "vectors")

    def kept(self, h: Names) -> bool:
        factor = getattr(h, self.scaled_by) if self.scaled_by else 1
        return isinstance(factor, Tensor) or factor != 0

    def zeros(self, theta: Tensor, h: Names) -> Tensor:
        if self.shape == "parameter":
            return torch.zeros_like(theta)
        if self.shape == "scalar":
            return scalar(0.0, theta.device)
        rows, cols = (1, 1, *theta.shape)[-2:]
        channels = theta.shape[0] if theta.dim() else 1
        sizes = {"rows": rows, "cols": cols, "size": theta.numel(), "channels": channels, "inputs": theta.numel() // max(channels, 1)}
        lengths = [x if isinstance(x, int) else sizes[x] if x in sizes else int(getattr(h, x)) for x in self.shape]
        whole = {"size", "channels", "inputs"} & set(self.shape)
        return theta.new_zeros((*(() if whole else theta.shape[:-2]), *lengths))


def scalar(value: float, device: torch.device) -> Tensor:
    """A 0-d tensor in float64 (float32 where the device has none): counts steps exactly and widens no tensor that has axes."""
    return torch.tensor(value, dtype=torch.float32 if device.type == "mps" else torch.float64, device=device)


def seen(x: Tensor) -> Tensor:
    """`x` as the rule sees it: complex numbers as pairs of reals, half precision widened to float32."""
    x = torch.view_as_real(x) if x.is_complex() else x
    return x.float() if x.dtype in (torch.bfloat16, torch.float16) else x


def unseen(p: Tensor, x: Tensor) -> Tensor:
    """What the rule computed, as the parameter stores it: the inverse of `seen`."""
    return (torch.view_as_complex(x.contiguous()) if p.is_complex() else x).to(p.dtype)


def shaped(old: Tensor, new: Tensor, slot: str | None = None) -> Tensor:
    """`new`, which must have the shape of `old`: theta, or a slot."""
    if not isinstance(new, Tensor):
        what = f"slot {slot} became" if slot else "update returned"
        raise TypeError(f"{what} no tensor but {type(new).__name__}")
    if new.shape != old.shape:
        before, after = tuple(old.shape), tuple(new.shape)
        of_theta = f"update returned shape {after} for a theta of shape {before}"
        raise RuntimeError(f"slot {slot} went from shape {before} to {after}" if slot else of_theta)
    return new


def checked(theta: Tensor, new: Tensor) -> Tensor:
    """The new theta, in the shape and dtype that it had."""
    return shaped(theta, new).to(theta.dtype)


def settled(before: State, s: Names) -> State:
    """The slots after a step, each in the shape and dtype that it had."""
    return {name: shaped(old, getattr(s, name), name).to(old.dtype) for name, old in before.items()}
