"""The interpreter: a method's equations, step by step, in NumPy float64.

Every expression is evaluated for all tensors of the model side by side, so that a whole-model sum or a second gradient is an
expression like any other. Only the nodes of `tree.py` are evaluated. Each step has an allowance of work in proportion to the
tensors that come in and the length of the equations; what would need more, or a value with too many entries, is an AlgebraError
before it is computed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeAlias

import numpy as np

from tools.algebra.functions import JOINT, RANDOM
from tools.algebra.numeric import DECOMPOSED, ENTRY, MEANING, NUMBERS, OPERATORS, Array, load, whole
from tools.algebra.parse import AlgebraError
from tools.algebra.tree import Binary, Call, Equation, Name, Node, Number, Unary

__all__ = ["Array", "Draw", "Objective", "Program", "Slot"]

Scope: TypeAlias = str  # "all", "matrices" (tensors of two or more axes) or "vectors" (the others)
Values: TypeAlias = list[Any]  # one value a tensor of the model; None where an equation does not apply
Draw: TypeAlias = Callable[[Literal["rademacher", "gaussian"], tuple[int, ...]], Array]
MOST_ENTRIES = 1_000_000  # of one value, unless a parameter is as large
LEAST_WORK = 200_000_000  # multiplications that a step may take with however small tensors


class Objective(Protocol):
    """What a method may evaluate beyond the gradient at hand; lists hold one array a tensor."""

    def value(self, thetas: Sequence[Array]) -> float: ...
    def gradient(self, thetas: Sequence[Array]) -> list[Array]: ...
    def full_gradient(self, thetas: Sequence[Array]) -> list[Array]: ...
    def hvp(self, thetas: Sequence[Array], vectors: Sequence[Array]) -> list[Array]: ...


@dataclass(frozen=True)
class Slot:
    """A state slot: its name, its shape as the record gives it, and its start value as a tree.

    The shape is "parameter", "scalar" or the lengths of the axes: whole numbers, "rows", "cols", "size" or a hyperparameter.
    Where it speaks of rows or columns, the batch axes of the parameter come first. A slot `g` remembers the last gradient; it
    starts at zero and no equation sets it.
    """

    name: str
    shape: str | tuple[str | int, ...]
    start: Node
    scope: Scope = "all"


@dataclass
class Program:
    """The equations of one method, ready to run.

    `hyper` holds single numbers (`beta1`, not `betas`). `draw(kind, shape)` gives the random draws, from a fixed seed unless
    set; `inner(thetas, gradients, t)` answers `inner_step`. `memory` holds the slots, `latest` all values of the last step, both
    as one entry a tensor.
    """

    equations: Sequence[tuple[Equation, Scope]]
    slots: Sequence[Slot]
    hyper: Mapping[str, Any]
    objective: Objective | None = None
    draw: Draw | None = None
    inner: Callable[[list[Array], list[Array], int], list[Array]] | None = None
    t: int = 0
    initial: list[Array] = field(default_factory=list)
    memory: dict[str, Values] = field(default_factory=dict)
    latest: dict[str, Values] = field(default_factory=dict)
    _work: float = field(default=0, init=False, repr=False)

    @np.errstate(all="ignore")
    def begin(self, thetas: Sequence[Array]) -> None:
        """Set all slots to their start values for these parameters. Raises AlgebraError with `slot` set."""
        self.t = 0
        self.initial = _copies(thetas)
        self.memory, self.latest = {}, {}
        self._allow(slot.start for slot in self.slots)
        for slot in self.slots:
            row = self.memory.setdefault(slot.name, [None] * len(self.initial))
            try:
                reader = _Reader(self, {"theta": list(self.initial)}, self.members(slot.scope))
                values = reader.same(0) if slot.name == "g" else reader(slot.start)
                for i, value in zip(reader.members, values, strict=True):
                    row[i] = self._started(slot, value, self.initial[i])
            except AlgebraError as error:
                error.slot = slot.name
                raise

    @np.errstate(all="ignore")
    def step(self, thetas: Sequence[Array], gradients: Sequence[Array]) -> list[Array]:
        """One step from `thetas`, where `gradients` were taken; gives the new parameters. Raises AlgebraError.

        Nothing that comes in is changed, and nothing that goes out is an array that the program keeps.
        """
        if not self.initial:
            self.begin(thetas)
        old, new = _copies(thetas), _copies(gradients)
        shapes = [x.shape for x in self.initial]
        if shapes != [x.shape for x in old] or shapes != [x.shape for x in new]:
            raise ValueError("parameters and gradients have the shapes that the run began with")
        self.t += 1
        now: dict[str, Values] = {"g": list(new)}
        before = {**self.memory, "theta": list(old)}
        self._allow(equation.value for equation, _ in self.equations)
        for index, (equation, scope) in enumerate(self.equations):
            reader = _Reader(self, now, self.members(scope), before)
            try:
                values = reader(equation.value)
            except AlgebraError as error:
                error.equation = index
                raise
            row = now.setdefault(equation.target.id, [None] * len(self.initial))
            for i, value in zip(reader.members, values, strict=True):
                row[i] = value
        self.latest = now
        self.memory = {name: self._kept(name, row) for name, row in self.memory.items()}
        return self._kept("theta", before["theta"])

    def members(self, scope: Scope) -> list[int]:
        """The numbers of the tensors that an equation or slot of this scope is for."""
        return [i for i, x in enumerate(self.initial) if scope == "all" or (x.ndim >= 2) == (scope == "matrices")]

    def charge(self, entries: int, work: int) -> str | None:
        """Take work off the allowance; gives what is wrong where it does not suffice."""
        most = max(MOST_ENTRIES, 4 * max((x.size for x in self.initial), default=0))
        if entries > most:
            return f"the result would have {entries} entries; at most {most} are allowed"
        self._work -= work
        return None if self._work >= 0 else "too much work for tensors of this size; smaller products and fewer steps are allowed"

    def _allow(self, trees: Iterable[Node]) -> None:
        """An allowance for evaluating these trees: for each node, as much as one decomposition of every tensor."""
        nodes = sum(1 for tree in trees for _ in tree.walk())
        sizes = sum(x.size * (ENTRY + DECOMPOSED * max(x.shape[-2:]) ** 2 if x.ndim >= 2 else ENTRY) for x in self.initial)
        self._work = LEAST_WORK + nodes * sizes

    def _kept(self, name: str, olds: Values) -> Values:
        """What the program keeps of `name` after a step, in the shapes that it had."""
        news = self.latest.get(name, [None] * len(olds))
        kept: Values = []
        for i, (new, old) in enumerate(zip(news, olds, strict=True)):
            if old is not None and new is None:
                shape = self.initial[i].shape
                raise AlgebraError(f"no equation sets {name}[t] for a tensor of shape {shape}; each step sets every slot and theta")
            try:
                kept.append(None if old is None else _filled(new, old.shape))
            except ValueError:
                index = next(k for k, (e, s) in enumerate(self.equations) if e.target.id == name and i in self.members(s))
                message = f"{name}[t] has shape {new.shape}, but {name}[t-1] has {old.shape}; a slot keeps its shape"
                raise AlgebraError(message, equation=index) from None
        return kept

    def _started(self, slot: Slot, value: Array, theta: Array) -> Array:
        shape = self._shape(slot.shape, theta)
        if fault := self.charge(int(np.prod(shape, dtype=object)), 0):
            raise AlgebraError(f"the slot {slot.name} is too large: {fault}")
        try:
            return _filled(value, shape)
        except ValueError:
            message = f"the start value of {slot.name} has shape {np.shape(value)}, which does not fill the slot's {shape}"
            raise AlgebraError(message, slot.start.col) from None

    def _shape(self, shape: str | tuple[str | int, ...], theta: Array) -> tuple[int, ...]:
        if isinstance(shape, str):
            return theta.shape if shape == "parameter" else ()
        lengths = {**self.hyper, "size": theta.size}
        lengths |= {name: int(MEANING[name](theta)) for name in ("rows", "cols")}
        try:
            axes = tuple(whole(axis if isinstance(axis, int) else lengths.get(axis), f"the length {axis}") for axis in shape)
        except (ValueError, TypeError):
            raise AlgebraError(f"the axes {list(shape)} need a whole number each: rows, cols, size or a hyperparameter") from None
        batch = theta.shape[:-2] if "rows" in shape or "cols" in shape else ()
        return (*batch, *axes)


def _copies(arrays: Iterable[Any]) -> list[Array]:
    return [np.array(x, dtype=np.float64) for x in arrays]


def _filled(value: Any, shape: tuple[int, ...]) -> Array:
    return np.array(np.broadcast_to(np.asarray(value, dtype=np.float64), shape))


@dataclass
class _Reader:
    """Evaluates an expression for the tensors of one scope: a list with one value each."""

    program: Program
    now: Mapping[str, Values]
    members: list[int]
    before: Mapping[str, Values] | None = None

    def __call__(self, node: Node) -> list[Array]:
        match node:
            case Number(value=value):
                return self.same(value)
            case Name(id=name, time=time):
                return self._name(name, time, node.col)
            case Unary(operator=operator, operand=operand):
                return self._each(np.negative if operator == "-" else OPERATORS[operator], operator, node, self(operand))
            case Binary(operator=operator, left=left, right=right):
                return self._each(OPERATORS[operator], operator, node, self(left), self(right))
            case Call(function=function, arguments=arguments):
                columns = [self(a) for a in arguments]
                if function in JOINT:
                    return self._joint(function, columns, node.col)
                if function in RANDOM:
                    return [self._done(self._random(function), function, node, *xs) for xs in zip(*columns, strict=True)]
                return self._each(MEANING[function], function, node, *columns)
        raise TypeError(f"no node of the algebra: {node!r}")

    def same(self, value: Any) -> list[Array]:
        return [np.asarray(value, dtype=np.float64)] * len(self.members)

    def _each(self, act: Callable[..., Any], what: str, node: Node, *columns: list[Array]) -> list[Array]:
        """The value for each tensor; what is one object for all tensors (a hyperparameter, t) is worked out once."""
        if all(x is column[0] for column in columns for x in column):
            return [self._done(act, what, node, *(column[0] for column in columns))] * len(self.members) if self.members else []
        return [self._done(act, what, node, *values) for values in zip(*columns, strict=True)]

    def _done(self, act: Callable[..., Any], what: str, node: Node, *values: Array) -> Array:
        try:
            reason = self.program.charge(*load(what, *values))
            if reason is None:
                return np.asarray(act(*values), dtype=np.float64)
        except (ValueError, TypeError, IndexError, ArithmeticError, MemoryError) as error:
            reason = "the shapes do not fit each other" if "broadcast" in str(error) else str(error).rstrip(".")
        shapes = " and ".join(str(x.shape) for x in values)
        raise AlgebraError(f"{what} cannot take values of shape {shapes}: {reason}", node.col)

    def _name(self, name: str, time: str | None, col: int) -> list[Array]:
        if time is None:
            if name == "theta" and self.before is None:
                return [self.now["theta"][i] for i in self.members]
            value = self.program.t if name == "t" else NUMBERS.get(name, self.program.hyper.get(name))
            if value is None:
                raise AlgebraError(f"{name} has no value; a hyperparameter without a default must be set", col)
            try:
                return self.same(float(value))
            except (TypeError, ValueError):
                raise AlgebraError(f"{name} is {value!r}; only numbers, true and false are allowed", col) from None
        known: Mapping[str, Values] = {"t": self.now, "t-1": self.before or {}, "0": {"theta": self.program.initial}}[time]
        values = [known[name][i] for i in self.members] if name in known else []
        if len(values) < len(self.members) or any(v is None for v in values):
            raise AlgebraError(f"{name}[{time}] has no value here; it must be set before it is used", col)
        return values

    def _joint(self, function: str, columns: list[list[Array]], col: int) -> list[Array]:
        """Functions of the whole model."""
        if len(self.members) < len(self.program.initial):
            raise AlgebraError(f"{function} looks at the whole model, so its equation must apply to all tensors", col)
        if function == "total":
            return self.same(sum(float(np.sum(x)) for x in columns[0]))
        answer = self._inner if function == "inner_step" else getattr(self.program.objective, function, None)
        if answer is None:
            raise AlgebraError(f"{function} needs an objective; a tape of gradients has none", col)
        shapes = [x.shape for x in self.program.initial]
        if any([x.shape for x in column] != shapes for column in columns):
            raise AlgebraError(f"{function} takes values of the parameters' shapes", col)
        result = answer(*map(_copies, columns))
        if function == "value":
            return self.same(result)
        arrays = _copies(result)
        if [x.shape for x in arrays] != shapes:
            raise AlgebraError(f"the answer to {function} has other shapes than the parameters; it gives one array a tensor", col)
        return arrays

    def _inner(self, gradients: list[Array]) -> list[Array]:
        if self.program.inner is None or self.before is None:
            raise AlgebraError("inner_step needs a wrapped method, in an equation of a step")
        return self.program.inner(_copies(self.before["theta"]), gradients, self.program.t)

    def _random(self, function: str) -> Callable[..., Array]:
        draw = self.program.draw = self.program.draw or _default_draw()
        if function == "gaussian_matrix":
            return lambda n, m: draw("gaussian", (int(n), int(m)))
        return lambda x: draw("rademacher" if function == "rademacher" else "gaussian", x.shape)


def _default_draw() -> Draw:
    rng = np.random.default_rng(0)

    def draw(kind: Literal["rademacher", "gaussian"], shape: tuple[int, ...]) -> Array:
        return rng.choice((-1.0, 1.0), size=shape) if kind == "rademacher" else rng.standard_normal(shape)

    return draw
