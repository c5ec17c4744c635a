"""How far a method has come: computed from what is there, never typed.

unchecked: nobody saw the paper's title and authors. listed: the paper is verified. documented: equations, state and weight decay are
recorded. implemented: a reference implementation agrees with the record (the rules hold that). verified: its steps agree with its own
executable equations (or a second writing, where the algebra cannot say the method) and with an independent peer, or, where no peer
exists, with the equations and through a reduction to a verified method.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from typing import Any

from tools.catalog.loader import Catalog
from tools.catalog.measurements import fresh
from tools.catalog.schema import Optimizer


class Rung(IntEnum):
    UNCHECKED = 0
    LISTED = 1
    DOCUMENTED = 2
    IMPLEMENTED = 3
    VERIFIED = 4

    @property
    def word(self) -> str:
        return self.name.lower()


MEANING = {
    Rung.UNCHECKED: "Nobody has yet compared the paper's title and authors with a source.",
    Rung.LISTED: "The paper's title and complete author list were seen in a source.",
    Rung.DOCUMENTED: "Hyperparameters, equations in four steps, state, weight decay and lineage are recorded.",
    Rung.IMPLEMENTED: "A reference implementation agrees with the record: signature, ranges, buffers, markers.",
    Rung.VERIFIED: "Its steps agree with its own executable equations and with an independent implementation, or, where none exists, with "
    "a verified method that it becomes.",
}


def rung(
    catalog: Catalog,
    optimizer: Optimizer,
    measured: Callable[[Catalog, Optimizer], dict[str, Any] | None] = fresh,
    leaning: frozenset[str] = frozenset(),
) -> Rung:
    """The highest rung whose conditions, and those of all rungs below, hold; `measured` finds a method's measurement.

    `leaning` are methods whose rung rests on this one: no two verify each other.
    """
    paper = catalog.papers.get(optimizer.papers.introduced_in)
    if paper is None or paper.verified is None:
        return Rung.UNCHECKED
    if not optimizer.equations or optimizer.weight_decay is None:
        return Rung.LISTED
    if optimizer.implementation is None:
        return Rung.DOCUMENTED
    seen = measured(catalog, optimizer)
    if seen is None or seen.get("verdict") != "verified through a reduction":
        return Rung.VERIFIED if seen is not None and seen.get("verdict") == "verified" else Rung.IMPLEMENTED
    becomes = {r["becomes"] for r in seen["reductions"] if r["holds"]} - leaning - {optimizer.id}
    others = (catalog.optimizers[id_] for id_ in sorted(becomes & catalog.optimizers.keys()))
    rungs = (rung(catalog, other, measured, leaning | {optimizer.id}) for other in others)
    return Rung.VERIFIED if Rung.VERIFIED in rungs else Rung.IMPLEMENTED
