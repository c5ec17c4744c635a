"""Hyperparameters: their ranges, written as annotations in a method's signature."""

from dataclasses import dataclass
from numbers import Integral, Real
from typing import Annotated, Any, Literal, get_args, get_origin

import torch
from torch import Tensor


@dataclass(frozen=True)
class Range:
    """An interval as papers print it, "[0, 1)". Neither nan nor an open end lies in it; of a tuple, every item must."""

    text: str

    def admits(self, value: float) -> bool:
        low, high = map(float, self.text[1:-1].split(","))
        above = low < value or (self.text[0] == "[" and low == value)
        return bool(above and (value < high or (self.text[-1] == "]" and value == high)))


NonNegative = Annotated[float, Range("[0, inf)")]
Positive = Annotated[float, Range("(0, inf)")]
Fraction = Annotated[float, Range("[0, 1)")]
Decays = Annotated[tuple[float, float], Range("[0, 1)")]
Count = Annotated[int, Range("[1, inf)")]


def refusal(hint: Any, value: Any) -> str | None:
    """Why an annotation such as `NonNegative` does not allow `value`; None where it does.

    Knows float (a number or a tensor of one), int, bool, str, `Literal`, tuples of these, unions with None, and `Annotated` ranges.
    """
    kind, items = get_origin(hint) or hint, get_args(hint)
    if kind is Annotated:
        if fault := refusal(items[0], value):
            return fault
        each = value if isinstance(value, tuple | list) else (value,)
        return next((f"must lie in {rule.text}" for rule in items[1:] for x in each if x is not None and not rule.admits(x)), None)
    if kind is tuple:
        if not isinstance(value, tuple | list) or (items[-1] is not Ellipsis and len(value) != len(items)):
            return "must be a tuple of numbers" if items[-1] is Ellipsis else f"must be {len(items)} numbers"
        return next(filter(None, (refusal(items[0], x) for x in value)), None)
    if kind is Literal:
        return None if value in items else f"must be one of {', '.join(map(repr, items))}"
    if items:  # a union such as `float | None`
        reasons = [refusal(item, value) for item in items]
        return None if None in reasons else reasons[0]
    if kind is float:
        number = (isinstance(value, Real) and not isinstance(value, bool)) or (isinstance(value, Tensor) and value.numel() == 1)
        return None if number else "must be a number"
    if kind is int:
        return None if isinstance(value, Integral) and not isinstance(value, bool) else "must be a whole number"
    return None if isinstance(value, kind) else f"must be of type {kind.__name__}"


def described(hint: Any) -> str:
    """An annotation in words: `float in [0, inf)`, `2 x float in [0, 1)`, `one of 'a', 'b'`."""
    kind, items = get_origin(hint) or hint, get_args(hint)
    if kind is Annotated:
        return f"{described(items[0])} in {' and '.join(rule.text for rule in items[1:])}"
    if kind is tuple:
        return f"numbers, each {described(items[0])}" if items[-1] is Ellipsis else f"{len(items)} x {described(items[0])}"
    if kind is Literal:
        return f"one of {', '.join(map(repr, items))}"
    if items:
        return " or ".join(map(described, items))
    return "None" if kind is type(None) else getattr(kind, "__name__", str(kind))


def lifted(value: Any) -> Any:
    """`value` with every float as a 0-d tensor: torch.compile bakes numbers in, tensors it does not."""
    if isinstance(value, tuple | list):
        return tuple(map(lifted, value))
    return torch.tensor(value, dtype=torch.float64) if isinstance(value, float) else value


def same(before: Any, value: Any) -> bool:
    """Whether two values of a hyperparameter are alike; of tensors, which may change in place, whether they are one."""
    if isinstance(value, tuple | list):
        return isinstance(before, tuple) and len(before) == len(value) and all(map(same, before, value))
    return before is value if isinstance(value, Tensor) else type(before) is type(value) and bool(before == value)
