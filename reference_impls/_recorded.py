"""What a rule does to one piece, recorded, and done again to others without the rule.

The record is rewritten first, as one writes such a step by hand:

1. A multiple of a tensor waits until it is added, and is then one operation with the sum (`add(..., alpha=)`, `addcmul`, `addcdiv`).
2. A multiple by 0 adds nothing, even of entries that are not finite; adding 0 and multiplying by 1 are left out.
3. A result is written into its slot, or into the parameter, once nobody reads the old value any more, and otherwise into scratch
   memory that is used again and again, so that the cache holds it.

Where the rule as written rounds a product and a sum, this may round once; nothing else is different.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from operator import itemgetter
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

# what torch computes for each element by itself, into given memory if asked
POINTWISE = frozenset({
    "abs", "add", "addcdiv", "addcmul", "atan", "atan2", "ceil", "clamp", "clamp_max", "clamp_min", "copysign", "cos", "div", "eq", "exp",
    "floor", "ge", "gt", "le", "lerp", "log", "logical_and", "logical_not", "logical_or", "lt", "maximum", "minimum", "mul", "ne", "neg",
    "pow", "reciprocal", "round", "rsqrt", "sigmoid", "sign", "sin", "sqrt", "sub", "tanh", "where",
})  # fmt: skip


@dataclass(frozen=True)
class Term:
    """A number times a value, or times the product or the quotient of two: not computed yet. Values are numbered as they come up."""

    factor: float
    x: int
    y: int = -1
    how: str = ""  # "mul" or "div": of x and y

    @property
    def bare(self) -> Term:
        return replace(self, factor=1.0)

    @property
    def passes(self) -> int:
        """Operations until it is computed by itself."""
        return (self.how != "") + (self.factor != 1)


@dataclass(frozen=True)
class Call:
    """An operation on values that makes the value `out`."""

    function: Callable[..., Any]
    inputs: tuple[int, ...]
    options: Mapping[str, Any]
    out: int
    memory: tuple[torch.Size, torch.dtype] | None  # what it writes into if that is given; None: it makes memory of its own


class Recorder(TorchDispatchMode):
    """Within, notes what is done to `places`: pieces of theta, of the gradient and of the slots, all of one shape and dtype.

    It is `sound` until something is done that cannot be done again without the rule itself, such as a look at an entry, and `timeless`
    until one of the `numbers` is used, which are others at the next step.
    """

    def __init__(self, places: Sequence[Tensor], numbers: Iterable[Tensor]) -> None:
        super().__init__()
        self.places, self.timeless, self.numbers, self.device = places, True, set(map(id, numbers)), places[0].device
        self.shape, self.dtype = self.memory = places[0].shape, places[0].dtype
        self.sound = self.dtype.is_floating_point and all((x.shape, x.dtype) == self.memory for x in places)
        self.count = len(places)  # of values
        self.values = {id(x): Term(1.0, i) for i, x in enumerate(places)}
        self.kept: list[Any] = list(places)  # while they live, nothing else gets their ids
        self.constants: dict[int, Any] = {}
        self.calls: list[Call] = []
        self.known: dict[Any, int] = {}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        result = func(*args, **kwargs)
        self.timeless &= not among(self.numbers, args) and not among(self.numbers, kwargs.values())
        if self.sound and (among(self.values, args) or among(self.values, kwargs.values())):
            self.note(func, args, kwargs, result)
        return result

    def note(self, func: Any, args: Sequence[Any], kwargs: Mapping[str, Any], result: Any) -> None:
        """Note an operation of torch, so that `values` has the term of its result."""
        schema, name = func._schema, func.overloadpacket.__name__
        nested = [x for x in args if isinstance(x, list | tuple)]
        self.sound = isinstance(result, Tensor) and not schema.is_mutable and not any(x.alias_info for x in schema.returns)
        self.sound &= not among(self.values, nested) and not among(self.values, kwargs.values())
        if not self.sound:
            return
        self.kept += args, result
        if name == "clone":
            self.values[id(result)] = self.values[id(args[0])]
            return
        alike = not kwargs and (result.shape, result.dtype) == self.memory
        term = self.linear(name, [self.operand(x) for x in args]) if alike else None
        if term is None:
            inputs = tuple(self.computed(self.values[id(x)]) if id(x) in self.values else self.constant(x) for x in args)
            given = name in POINTWISE and result.shape == self.shape
            term = self.call(getattr(torch, name) if given else func, inputs, (result.shape, result.dtype) if given else None, **kwargs)
        self.values[id(result)] = term

    def operand(self, x: Any) -> Term | float | None:
        """What `x` is in a sum or a product: a term of the common shape and dtype, or a number; None for everything else."""
        if id(x) in self.values:
            return self.values[id(x)] if (x.shape, x.dtype) == self.memory else None
        if isinstance(x, Tensor):
            return float(x) if x.dim() == 0 and x.is_floating_point() else None
        return float(x) if isinstance(x, int | float) and not isinstance(x, bool) else None

    def linear(self, name: str, operands: Sequence[Term | float | None]) -> Term | None:
        """The result of a sum, a product or a quotient; None for everything else."""
        match name, operands:
            case "neg", [Term() as a]:
                return self.scaled(a, -1.0)
            case "pow", [Term() as a, 2.0]:
                x = self.computed(a)
                return Term(1.0, x, x, "mul")
            case ("mul", [Term() as a, float() as c]) | ("mul", [float() as c, Term() as a]):
                return self.scaled(a, c)
            case "div", [Term() as a, float() as c] if c:
                return self.scaled(a, 1 / c)
            case "mul", [Term() as a, Term() as b]:
                return self.scaled(Term(a.factor, self.computed(a.bare), self.computed(b.bare), "mul"), b.factor)
            case "div", [Term() as a, Term() as b] if b.factor:
                return self.scaled(Term(a.factor, self.computed(a.bare), self.computed(b.bare), "div"), 1 / b.factor)
            case "add" | "sub", [Term() as a, Term() as b]:
                return self.sum(a, replace(b, factor=b.factor if name == "add" else -b.factor))
            case "add" | "sub", [Term() as a, float() as c]:
                return a if c == 0 else self.call(getattr(torch, name), (self.computed(a), self.number(c)), self.memory)
        return None

    def scaled(self, term: Term, factor: float) -> Term | None:
        """The term times a number; None where their product is not as exact as the two."""
        product, bounds = term.factor * factor, torch.finfo(self.dtype)
        exact = product == 0 if 0 in (term.factor, factor) else bounds.tiny <= abs(product) <= bounds.max
        return replace(term, factor=product) if exact else None

    def sum(self, a: Term, b: Term) -> Term:
        if a.factor == 0 or b.factor == 0:
            return b if a.factor == 0 else a
        if a.passes > b.passes:
            a, b = b, a
        function = {"": torch.add, "mul": torch.addcmul, "div": torch.addcdiv}[b.how]
        options = {} if b.factor == 1 else {"value" if b.how else "alpha": b.factor}
        return self.call(function, (self.computed(a), b.x, b.y) if b.how else (self.computed(a), b.x), self.memory, **options)

    def computed(self, term: Term) -> int:
        """The value of a term, by operations if need be."""
        x = self.call(getattr(torch, term.how), (term.x, term.y), self.memory).x if term.how else term.x
        return x if term.factor == 1 else self.call(torch.mul, (x, self.number(term.factor)), self.memory).x

    def call(self, function: Any, inputs: tuple[int, ...], memory: Any, **options: Any) -> Term:
        """The value of an operation, done once however often it is asked for."""
        key = function, inputs, tuple(options.items())
        if memory is None or key not in self.known:  # a random number is another one each time
            self.known[key] = self.fresh()
            self.calls.append(Call(function, inputs, options, self.known[key], memory))
        return Term(1.0, self.known[key])

    def number(self, x: float) -> int:
        """A number as a tensor, which torch takes sooner than a Python number."""
        return self.constant(torch.tensor(x, dtype=self.dtype, device=self.device), x)

    def constant(self, x: Any, key: Any = None) -> int:
        key = "constant", id(x) if key is None else key
        if key not in self.known:
            self.kept.append(x)
            self.known[key] = self.fresh()
            self.constants[self.known[key]] = x
        return self.known[key]

    def fresh(self) -> int:
        self.count += 1
        return self.count - 1

    def program(self, results: Mapping[int, Tensor]) -> Program | None:
        """What was noted, so that place i then holds `results[i]`; None if it cannot be done without the rule."""
        terms = {i: self.operand(x) for i, x in results.items()}
        if not self.sound or not all(isinstance(x, Term) for x in terms.values()):
            return None
        return Program(self, {i: self.computed(x) for i, x in terms.items() if isinstance(x, Term)})


class Program:
    """Calls in order, each with the memory that it writes: a place, or scratch memory that is free by then."""

    def __init__(self, recorder: Recorder, results: Mapping[int, int]) -> None:
        results = {i: x for i, x in results.items() if i != x}
        calls = needed(recorder.calls, results.values())
        for i, x in results.items():  # what a place held, or two take, is copied as soon as nobody reads the old value any more
            made = next((k for k, call in enumerate(calls) if call.out == x), -1)
            if made < 0 or list(results.values()).count(x) > 1:
                results[i] = recorder.fresh()
                calls.insert(max(last_read(calls, i), made) + 1, Call(copied, (x,), {}, results[i], recorder.memory))
        taken = {x: i for i, x in results.items()}
        self.memory = list(recorder.constants.values())  # behind the places: constants, scratch memory, and what is made each time
        behind = len(recorder.places)
        home = {x: x for x in range(behind)} | {x: behind + k for k, x in enumerate(recorder.constants)}
        scratch: dict[int, Any] = {}
        free: dict[Any, list[int]] = {}
        busy: dict[int, int] = {}  # a place that holds what is on the way to its result, and the call that reads this last
        self.steps: list[tuple[Callable[..., Any], Callable[[Sequence[Any]], Sequence[Any]], int, str]] = []
        for k, call in enumerate(calls):
            for x in {x for x in call.inputs if x in scratch and x not in taken and last_read(calls, x) == k}:
                free.setdefault(scratch.pop(x), []).append(home[x])
            end = last_read(calls, call.out)
            i = taken.get(call.out, taken.get(calls[end].out, -1) if end >= 0 else -1)
            if i >= 0 and call.memory == recorder.memory and last_read(calls, i) <= k and busy.get(i, -1) <= k:
                home[call.out], busy[i] = i, end
            elif call.memory and free.get(call.memory):
                home[call.out] = free[call.memory].pop()
            else:
                home[call.out] = behind + len(self.memory)
                self.memory.append(torch.empty(call.memory[0], dtype=call.memory[1], device=recorder.device) if call.memory else None)
            if call.memory and home[call.out] >= behind:
                scratch[call.out] = call.memory
            first, *others = [home[x] for x in call.inputs]
            inputs = itemgetter(first, *others) if others else itemgetter(slice(first, first + 1))
            function, how = call.function, "given" if call.memory else "new"
            if call.memory and first == home[call.out] and hasattr(Tensor, in_place := f"{call.function.__name__}_"):
                function, how = getattr(Tensor, in_place), "in place"
            self.steps.append((partial(function, **call.options), inputs, home[call.out], how))
        self.stores = [(i, home[x]) for i, x in results.items() if home[x] != i]

    def run(self, pieces: Iterable[Sequence[Tensor]]) -> None:
        """Do to pieces, whose places are in the same order, what was done to the recorded places; they are overwritten."""
        memory, steps, stores = self.memory, self.steps, self.stores
        for places in pieces:
            held = [*places, *memory] if memory else places
            for function, inputs, out, how in steps:
                if how == "in place":
                    function(*inputs(held))
                elif how == "given":
                    function(*inputs(held), out=held[out])
                else:
                    held[out] = function(*inputs(held))
            for place, value in stores:
                held[place].copy_(held[value])


def among(ids: Container[int], xs: Iterable[Any]) -> bool:
    """Whether one of `xs`, or of the items of one, has one of the ids."""
    return any(id(x) in ids or (isinstance(x, list | tuple) and among(ids, x)) for x in xs)


def copied(x: Tensor, out: Tensor) -> Tensor:
    return out.copy_(x)


def last_read(calls: Sequence[Call], value: int) -> int:
    """The last call that reads a value; -1 if none does."""
    return max((k for k, call in enumerate(calls) if value in call.inputs), default=-1)


def needed(calls: Sequence[Call], values: Iterable[int]) -> list[Call]:
    """The calls that these values come from."""
    kept, wanted = [], set(values)
    for call in reversed(calls):
        if call.out in wanted:
            kept.append(call)
            wanted.update(call.inputs)
    return kept[::-1]
