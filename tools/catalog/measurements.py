"""What `atlas measure` saw: one JSON file a method, fresh only while the code and the record are those that were measured."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from tools.catalog.hashes import bytes_hash, code_hash, record_hash
from tools.catalog.loader import Catalog
from tools.catalog.schema import Optimizer, Order, Record

BLIND = 1e-6  # a difference below this counts as none: eps in a denominator leaves traces of about 1e-8
VARIANT = ("follows another variant", "agrees against the record")
Distance = Annotated[float, Field(ge=0, allow_inf_nan=True)]  # may be infinite, and is never NaN: NaN is not >= 0
Amounts = dict[str, Annotated[float, Field(ge=0)]]


class EquationsSeen(Record):
    difference: Distance | None
    tolerance: float
    settings: int
    verdict: Literal["agrees", "disagrees", "not executable"]
    second_writing: bool = False


class PeerSeen(Record):
    object: str
    version: str
    tolerance: float
    settings: int
    difference: Distance | None
    from_equations: Distance | None
    verdict: Literal[
        "agrees", "disagrees", "follows another variant", "agrees against the record", "never the same method at the tested settings"
    ]


class ReductionSeen(Record):
    becomes: str
    number: int
    tolerance: float
    settings: int | None = None
    difference: Distance | None
    holds: bool | None


class Measurement(Record):
    """One file below catalog/measurements."""

    id: str
    measured_on: Annotated[datetime.date, Field(strict=False)]
    bytes_hash: str
    code_hash: str
    record_hash: str
    versions: dict[str, str]
    equations: EquationsSeen
    peers: list[PeerSeen]
    reductions: list[ReductionSeen]
    invariances: dict[str, Distance]
    evaluations: Amounts
    memory: Amounts
    temporary: Amounts
    tensors: dict[str, str]
    non_finite: dict[str, str]
    faults: list[str]
    verdict: Literal["implemented", "verified", "verified through a reduction"]


def path_of(root: Path, optimizer_id: str) -> Path:
    return root / "catalog" / "measurements" / f"{optimizer_id}.json"


def golden_path(root: Path, optimizer_id: str) -> Path:
    """Where a verified method's golden trajectories lie (`tools.measure.golden`)."""
    return root / "catalog" / "measurements" / "golden" / f"{optimizer_id}.json"


def recorded(catalog: Catalog, optimizer: Optimizer) -> dict[str, Any] | None:
    """The method's measurement as it lies there, or None; whether it still fits is for `fresh` and for the rules to say."""
    path = path_of(catalog.root, optimizer.id)
    if optimizer.implementation is None or not path.exists():
        return None
    try:
        seen = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return seen if isinstance(seen, dict) else None


def fresh(catalog: Catalog, optimizer: Optimizer) -> dict[str, Any] | None:
    """The method's measurement, or None where there is none or it measured something else."""
    if (seen := recorded(catalog, optimizer)) is None:
        return None
    try:
        return None if stale(catalog.root, optimizer, seen) else seen
    except (OSError, ValueError, SyntaxError):
        return None


def stale(root: Path, optimizer: Optimizer, seen: Mapping[str, Any]) -> list[str]:
    """Which of the hashes of a measurement are no longer those of the code and the record. Raises OSError, ValueError or SyntaxError."""
    same_code = seen.get("bytes_hash") == bytes_hash(root, optimizer) or seen.get("code_hash") == code_hash(root, optimizer)
    return ["code_hash"] * (not same_code) + ["record_hash"] * (seen.get("record_hash") != record_hash(optimizer))


def faults(optimizer: Optimizer, result: Mapping[str, Any]) -> list[str]:
    """What contradicts the record; a list that must be empty."""
    found = []
    if result["equations"]["verdict"] == "disagrees":
        found.append(f"the code differs from its equations by {result['equations']['difference']:.1e}")
    for p in result["peers"]:
        if p["verdict"] in ("disagrees", "agrees against the record") or p["verdict"].startswith("never"):
            found.append(f"{p['object']} {p['verdict']}")
    for r in result["reductions"]:
        if r["holds"] is False:
            allowed = f"{r['difference']:.1e} apart where {r['tolerance']:.0e} is allowed (`tolerance`, with a `reason`)"
            found.append(f"it does not become {r['becomes']}: {allowed}; what `when` sets goes to {r['becomes']} only if `with` says so")
    if fault := beyond_its_order(optimizer.order, result["evaluations"]):
        found.append(fault)
    found += [f"{kind} tensors fail without a word" for kind, word in result["tensors"].items() if word == "fails"]
    measured = {name for name, distance in result["invariances"].items() if distance <= BLIND}
    if measured != set(optimizer.invariances):
        ours, theirs = (", ".join(sorted(names)) or "none" for names in (measured, optimizer.invariances))
        found.append(f"measured invariances are {ours}; the record says {theirs}")
    return found


def beyond_its_order(order: Order, counted: Mapping[str, float]) -> str | None:
    """What was asked for and is not of the record's order: Hessians make a second-order method, values alone a zeroth-order one."""
    kinds = {kind for kind, number in counted.items() if number}
    allowed = {Order.ZEROTH: {"value"}, Order.FIRST: {"value", "gradient", "full_gradient"}}.get(order, kinds)
    if kinds <= allowed and (order is Order.ZEROTH) == (kinds == {"value"}):
        return None
    return f"it asked for {', '.join(sorted(kinds)) or 'nothing'}, and the record says order {order}"


def verdict(result: Mapping[str, Any]) -> str:
    """`verified` where code and equations (or a second writing) agree and a peer agrees; else `implemented`.

    Without any peer, a reduction that holds: `verified through a reduction`, as far as its target is verified (see `ladder`).
    """
    bad = any(p["verdict"] == "disagrees" for p in result["peers"]) or any(r["holds"] is False for r in result["reductions"])
    if result["equations"]["verdict"] != "agrees" or bad:
        return "implemented"
    if any(p["verdict"] == "agrees" for p in result["peers"]):
        return "verified"
    return "verified through a reduction" if not result["peers"] and any(r["holds"] for r in result["reductions"]) else "implemented"


def contradictions(optimizer: Optimizer, seen: Mapping[str, Any]) -> list[str]:
    """What does not follow from its own numbers or does not fit the record: a file written by `atlas measure` has none of it."""
    found = [] if seen["id"] == optimizer.id else [f"it is of {seen['id']}"]
    if datetime.date.fromisoformat(seen["measured_on"]) > datetime.date.today() + datetime.timedelta(days=1):
        found.append(f"measured on {seen['measured_on']}, which is still to come")
    peers = optimizer.implementation.peers if optimizer.implementation else ()
    if [(p["object"], p["tolerance"]) for p in seen["peers"]] != [(p.object, p.tolerance) for p in peers]:
        found.append("its peers and their tolerances are not the record's")
    elif any(bool(p.differs) != (s["verdict"] in VARIANT) for p, s in zip(peers, seen["peers"], strict=True)):
        found.append("what the record says of a peer (`differs`) is not what its row says")
    if [(r["becomes"], r["tolerance"]) for r in seen["reductions"]] != [(r.becomes, r.tolerance) for r in optimizer.reductions]:
        found.append("its reductions and their tolerances are not the record's")
    rows = [(seen["equations"], "its equations"), *((p, p["object"]) for p in seen["peers"])]
    for row, name in rows:
        within = row["difference"] is not None and row["difference"] <= row["tolerance"]
        if within != row["verdict"].startswith("agrees") and row["verdict"] != "not executable" and not row["verdict"].startswith("never"):
            found.append(f"{name}: {row['difference']} and {row['verdict']!r} contradict each other")
    found += [
        f"becomes {r['becomes']}: {r['difference']} and {r['holds']} contradict each other"
        for r in seen["reductions"]
        if r["holds"] is not None and r["holds"] != (r["difference"] is not None and r["difference"] <= r["tolerance"])
    ]
    if seen["verdict"] != verdict(seen):
        found.append(f"the verdict {seen['verdict']!r} where its numbers say {verdict(seen)!r}")
    return found + faults(optimizer, seen)
