"""Which names an equation may use, and whether a list of equations fits together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass

from tools.algebra.functions import CONSTANTS, JOINT
from tools.algebra.tree import Call, Equation, Name, Node


@dataclass(frozen=True)
class Fault:
    """A fault in equation number `index` (0-based; -1: in the whole list) at column `col`."""

    index: int
    col: int
    message: str


def read(node: Node) -> Iterator[Name]:
    """The names that a tree reads, from left to right."""
    return (n for n in node.walk() if isinstance(n, Name))


def faults(
    equations: Sequence[tuple[Equation, str]],
    hyper: Set[str],
    slots: Sequence[tuple[str, str]],
    wrapper: bool = False,
    used_elsewhere: Set[str] = frozenset(),
) -> Iterator[Fault]:
    """Undefined names, double definitions, slots that no equation sets, hyperparameters that none uses.

    `equations` and `slots` come with their scope: "all", "matrices" or "vectors". Both kinds of tensor are gone through, so a
    fault of the list as a whole names the kind; a fault at a place is given once. `used_elsewhere` are hyperparameters that a
    start value or the shape of a slot uses. A wrapper may call `inner_step`, once.
    """
    found: dict[Fault, None] = {}
    for scope in ("matrices", "vectors"):
        mine = [(i, e) for i, (e, s) in enumerate(equations) if s in ("all", scope)]
        found |= dict.fromkeys(_scope_faults(mine, hyper, slots, scope))
    yield from found
    for i, (equation, scope) in enumerate(equations):
        if scope != "all":
            for node in equation.value.walk():
                if isinstance(node, Call) and node.function in JOINT:
                    yield Fault(i, node.col, f"{node.function} looks at the whole model, so its equation must apply to all tensors")
    inner = [(i, n.col) for i, (e, _) in enumerate(equations) for n in e.value.walk() if isinstance(n, Call) and n.function == "inner_step"]
    for i, col in inner if not wrapper else inner[1:]:
        yield Fault(i, col, "the wrapped method takes one step at a time" if wrapper else "only a wrapper has an inner method")
    used = {n.id for e, _ in equations for n in read(e.value)}
    for name in sorted(hyper - used - used_elsewhere):
        yield Fault(-1, 0, f"no equation uses the hyperparameter {name}")


def _scope_faults(
    equations: Sequence[tuple[int, Equation]], hyper: Set[str], slots: Sequence[tuple[str, str]], scope: str
) -> Iterator[Fault]:
    """The faults that show for tensors of one kind; a method with no equation for them does not take them."""
    if not equations:
        return
    remembered = {name for name, where in slots if where in ("all", scope)} | {"theta"}
    defined = {"g"}
    for index, equation in equations:
        for name in read(equation.value):
            if problem := _problem(name, hyper, remembered, defined):
                yield Fault(index, name.col, problem)
        target = equation.target
        if target.id in hyper | CONSTANTS | {"g"}:
            yield Fault(index, target.col, f"{target.id} is given and cannot be set")
        elif target.id in defined:
            yield Fault(index, target.col, f"{target.id}[t] is set twice for {scope}; a step sets each name once")
        defined.add(target.id)
    for unset in sorted(remembered - defined):
        yield Fault(-1, 0, f"no equation sets {unset}[t] for {scope}")


def _problem(name: Name, hyper: Set[str], remembered: Set[str], defined: Set[str]) -> str | None:
    """What is wrong with reading this name here."""
    if name.time is None:
        if name.id in hyper | CONSTANTS:
            return None
        if name.id in defined | remembered:
            return f"{name.id} needs a time: {name.id}[t] or {name.id}[t-1]"
        return f"{name.id} is not defined: neither a hyperparameter nor t, pi or inf"
    if name.id in hyper | CONSTANTS:
        return f"{name.id} is the same in every step: write it without [{name.time}]"
    if name.time == "0":
        return None if name.id == "theta" else f"only theta[0] exists, not {name.id}[0]"
    if name.time == "t-1":
        return None if name.id in remembered else f"{name.id}[t-1] is not remembered: declare {name.id} under `state`"
    return None if name.id in defined else f"{name.id}[t] is used before it is set"
