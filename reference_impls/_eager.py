"""Eager steps of a rule that works element by element: tensors that differ in their entries only are stepped together.

Small tensors are stepped whole, large ones in blocks that the cache holds. What the rule does to one of these pieces is done again to
the others without it (`_recorded.py`), and written into the parameter and its state in place.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from reference_impls._recorded import Program, Recorder
from reference_impls._state import Names, State, seen, settled, shaped

if TYPE_CHECKING:
    from reference_impls._base import ReferenceOptimizer

BLOCK = 1 << 17  # elements of a large tensor at a time
MANY = {"small": 8, "large": 2}  # from so many pieces on, what is done to the first one is recorded
USUAL = (Tensor, torch.nn.Parameter)  # other classes may have operations of their own

Job = tuple[Tensor, Tensor, Names]  # parameter, gradient, hyperparameters
Piece = Sequence[Tensor]  # theta, the gradient, and the slots that are shaped as theta


@dataclass
class Kind:
    """Tensors of one dtype and group, small ones of one shape: the names of their slots and numbers, and who has the same numbers."""

    h: Names
    slots: Sequence[str]
    numbers: Sequence[str]
    large: bool
    alone: bool  # each is stepped by itself: it is on another device, of another class, or gets a slot that it did not have
    settings: tuple[Any, ...] | None = None  # where these are the same in another step, so is what is done, but for the numbers
    members: dict[Any, list[tuple[State, Piece]]] = field(default_factory=lambda: defaultdict(list))


def step_alike(owner: ReferenceOptimizer, jobs: Sequence[Job]) -> list[Job]:
    """Step what can be stepped together and return the jobs that are left: tensors of unusual kinds."""
    kept, owner._programs = owner._programs, {}
    kinds: dict[Any, Kind] = {}
    left = []
    for job in jobs:
        p, g, h = job
        if not (state := owner.state.get(p)):
            state = owner.state[p] = owner.init(seen(p), h)
        shape, dtype = p.shape, p.dtype
        large = shape.numel() > BLOCK
        key = id(h), dtype, g.dtype, type(p), type(g), p.device, len(state), len(shape) if large else shape
        if (kind := kinds.get(key)) is None:
            shapes = {b.name: b.shape for b in owner._slots(seen(p)) if b.name in state}
            names, numbers = ([k for k, v in shapes.items() if (v == "scalar") is number] for number in (False, True))
            usual = p.is_cpu and type(p) in USUAL and type(g) in USUAL and owner._complete(seen(p), state, h) is state
            kind = kinds[key] = Kind(h, names, ["t", *numbers], large, not usual)
            if not numbers and plain(vars(h).values()):
                kind.settings = dtype, g.dtype, *names, *vars(h).values()
        piece, shaped_alike = [p, g], True
        if dtype.is_complex:
            piece = [*map(torch.view_as_real, piece)]
            shape = piece[0].shape
        if kind.slots:
            piece += [state[k] for k in kind.slots]
            shaped_alike = all(x.shape == shape for x in piece)
        apart = not kind.alone and len(set(map(Tensor.data_ptr, piece))) == len(piece)
        if not (apart and shaped_alike) or (large and not all(x.is_contiguous() for x in piece)):
            left.append(job)
            continue
        same = state["t"].item() if len(kind.numbers) == 1 else tuple([state[k].item() for k in kind.numbers])
        kind.members[same].append((state, piece))
    for kind in kinds.values():
        for members in kind.members.values():
            before = {k: members[0][0][k] for k in kind.numbers}
            pieces = [piece for _, piece in members]
            for alike in blocks(pieces) if kind.large else [pieces]:
                after = move(owner, alike, kind, before, kept)
            for k, number in after.items():
                spread([state for state, _ in members], k, number)
    return left


def plain(values: Iterable[Any]) -> bool:
    """Whether these are Python's numbers and words, and tuples of them: what is equal is the same, and stays so."""
    return all(isinstance(x, int | float | str | None) or (type(x) is tuple and plain(x)) for x in values)


def blocks(tensors: Iterable[Piece]) -> Iterator[list[Piece]]:
    """The blocks of large tensors, those of one length together."""
    alike: dict[int, list[Piece]] = {}
    for piece in tensors:
        for part in zip(*(x.view(-1).split(BLOCK) for x in piece), strict=True):
            alike.setdefault(len(part[0]), []).append(part)
    yield from alike.values()


def move(owner: ReferenceOptimizer, pieces: Sequence[Piece], kind: Kind, before: State, kept: Mapping[Any, Program]) -> State:
    """Step pieces of one shape in place, and return the numbers after the step. `kept` are programs of the step before."""
    numbers = {**before, "t": before["t"] + 1}
    key = kind.settings and (*kind.settings, pieces[0][0].shape)
    many = len(pieces) >= MANY["large" if kind.large else "small"]
    if many and (program := kept.get(key)):
        owner._programs[key] = program
        program.run(opened(pieces))
        return numbers

    def ruled(places: Piece) -> tuple[Names, dict[int, Tensor]]:
        s = owner._read({**dict(zip(kind.slots, places[2:], strict=True)), **numbers})
        moved = owner.update(places[0], places[1], s, kind.h)
        return s, {0: shaped(places[0], moved), **{i: shaped(places[i], getattr(s, k), k) for i, k in enumerate(kind.slots, 2)}}

    program = None
    if many:
        theta, grad, *slots = pieces[0]
        with Recorder([seen(theta), seen(grad), *slots], numbers.values()) as recorder:
            s, results = ruled(recorder.places)
        program = recorder.program(results)
        if program and key and recorder.timeless:
            owner._programs[key] = program
    if program:
        program.run(opened(pieces))
    else:
        for places in opened(pieces):
            s, results = ruled(places)
            store(places, results)
    return settled(numbers, s)


def opened(pieces: Sequence[Piece]) -> Iterable[Piece]:
    """The pieces as the rule sees them."""
    return pieces if all(seen(x) is x for x in pieces[0][:2]) else widened(pieces)


def widened(pieces: Sequence[Piece]) -> Iterator[Piece]:
    """Half precise pieces as single ones; theta is rounded back when the next piece is asked for."""
    for piece in pieces:
        places = [*map(seen, piece[:2]), *piece[2:]]
        yield places
        piece[0].copy_(places[0])


def spread(states: Sequence[State], name: str, number: Tensor) -> None:
    """Give each state the number, in memory of its own: parts of one tensor, which is written at once from the second time on."""
    whole = states[0][name]._base
    if whole is not None and whole.numel() == len(states) and all(state[name]._base is whole for state in states):
        whole.copy_(number)
        return
    for state, part in zip(states, number.repeat(len(states)).unbind(), strict=True):
        state[name] = part


def store(places: Sequence[Tensor], results: Mapping[int, Tensor]) -> None:
    """Write each result into its place. One that is what another place holds, is taken as it was before."""
    held = {x.data_ptr() for x in places}
    moves = [(places[i], x) for i, x in results.items() if x is not places[i]]
    for place, x in [(place, x.clone() if x.data_ptr() in held else x) for place, x in moves]:
        place.copy_(x)
