"""Names inside of a record: none twice, none that the algebra or Python has given away."""

from __future__ import annotations

import keyword
from collections.abc import Iterator

from tools.algebra.functions import CONSTANTS, FUNCTIONS
from tools.catalog.loader import Catalog
from tools.catalog.problems import Problem
from tools.catalog.yaml_reader import Path

CODES = {
    "repeated-id": "two hyperparameters, slots or equations of one name",
    "reserved-name": "a name that the algebra, Python or the base class uses itself",
    "unknown-factor": "a slot scaled by what is no number among the hyperparameters",
}
GIVEN = frozenset({"theta"}) | CONSTANTS
BASE = frozenset({"params", "compile", "maximize", "inner", "self"})
RESERVED = GIVEN | FUNCTIONS.keys() | frozenset(keyword.kwlist)


def check(catalog: Catalog) -> Iterator[Problem]:
    for optimizer in catalog.optimizers.values():
        source = catalog.source(optimizer)
        taken: dict[str, str] = {}
        for i, h in enumerate(optimizer.hyperparameters):
            at: Path = ("hyperparameters", i, "name")
            for name in dict.fromkeys((h.name, *h.scalars)):
                if name in RESERVED | BASE | {"g"}:
                    yield source.problem(
                        at, "reserved-name", f"{name!r}", "a name that has no other meaning in equations and code", "weight_decay"
                    )
                elif name in taken:
                    yield source.problem(at, "repeated-id", f"{name!r} a second time", f"it is {taken[name]} already")
                taken.setdefault(name, f"the hyperparameter {h.name}")
        scopes: dict[str, set[str]] = {}
        for i, slot in enumerate(optimizer.state):
            at = ("state", i, "name")
            if slot.name in RESERVED:
                yield source.problem(at, "reserved-name", f"{slot.name!r}", "a name that has no other meaning in equations", "m")
            elif slot.name in taken:
                yield source.problem(at, "repeated-id", f"{slot.name!r} a second time", f"it is {taken[slot.name]} already")
            seen = scopes.setdefault(slot.name, set())
            if seen and (slot.applies_to in seen or "all" in seen or slot.applies_to == "all"):
                yield source.problem(at, "repeated-id", f"the slot {slot.name!r} a second time", "one slot a name for each kind of tensor")
            seen.add(slot.applies_to)
            numbers = [h.name for h in optimizer.hyperparameters if h.type == "float" and not isinstance(h.default, tuple)]
            if slot.scaled_by is not None and slot.scaled_by not in numbers:
                yield source.problem(
                    ("state", i, "scaled_by"), "unknown-factor", f"{slot.scaled_by!r}", "a number among the hyperparameters", *numbers[:1]
                )
        ids: set[str] = set()
        for i, equation in enumerate(optimizer.equations):
            if equation.id in ids:
                yield source.problem(
                    ("equations", i, "id"), "repeated-id", f"{equation.id!r} a second time", "each equation has an id of its own", "A2.m"
                )
            ids.add(equation.id)
