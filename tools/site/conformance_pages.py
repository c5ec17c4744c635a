"""The conformance matrix and the three writings of each rule, from what was measured."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from jinja2 import Environment

from tools.catalog.ladder import Rung
from tools.site.context import Atlas, View

MARK = {"agrees": "=", "follows another variant": "≠"}  # the best first


class Comparison(NamedTuple):
    """One peer of one method, as it was measured at some settings."""

    library: str
    name: str
    version: str
    settings: int
    code: float | None
    equations: float | None
    tolerance: float
    verdict: str
    reason: str | None


class Square(NamedTuple):
    """One method in one library: the best verdict of its rows (a row may hold at some settings only), and their largest difference."""

    verdict: str
    mark: str
    difference: float | None


def comparisons(view: View) -> list[Comparison]:
    """What was measured against each peer, in the record's order."""
    found = []
    for p, reason in zip((view.measured or {}).get("peers", ()), reasons(view), strict=False):
        module, _, name = p["object"].partition(":")
        given = p["difference"], p.get("from_equations"), p["tolerance"], p["verdict"], reason
        found.append(Comparison(module.partition(".")[0], f"{module}.{name}", p["version"], p["settings"], *given))
    return found


def reasons(view: View) -> list[str | None]:
    """Of each peer: what it does differently, or why it is compared in its own way."""
    return [p.differs or p.reason for p in view.o.implementation.peers] if view.o.implementation else []


def square(rows: list[Comparison]) -> Square:
    found = {r.verdict for r in rows}
    verdict = next((v for v in MARK if v in found), rows[0].verdict)
    numbers = [r.code for r in rows if r.code is not None and r.verdict == verdict]
    return Square(verdict, MARK.get(verdict, "!"), max(numbers, default=None))


def matrix(atlas: Atlas) -> tuple[list[tuple[str, str]], list[tuple[View, list[Square | None]]]]:
    """Libraries with their versions, and for each implemented method its square in each of them (None: the library has no such method)."""
    seen = {v.id: comparisons(v) for v in atlas.methods if v.measured}
    versions = {c.library: c.version for rows in seen.values() for c in rows}
    count = {library: sum(any(c.library == library for c in rows) for rows in seen.values()) for library in versions}
    libraries = sorted(versions, key=lambda name: (-count[name], name))
    rows = []
    for view in atlas.methods:
        if view.id in seen:
            by = {name: [c for c in seen[view.id] if c.library == name] for name in libraries}
            rows.append((view, [square(own) if own else None for own in by.values()]))
    return [(name, versions[name]) for name in libraries], rows


def counts(atlas: Atlas) -> dict[str, int]:
    """What the catalog's promises are counted by."""
    measured = [v for v in atlas.methods if v.measured]
    agreeing = {v.id: {c.library for c in comparisons(v) if c.verdict == "agrees"} for v in measured}
    return {
        "methods": len(measured),
        "verified": sum(v.rung is Rung.VERIFIED for v in measured),
        "executable": sum(v.executable for v in measured),
        "second": sum(bool(v.measured and v.measured["equations"].get("second_writing")) for v in measured),
        "one": sum(len(found) >= 1 for found in agreeing.values()),
        "two": sum(len(found) >= 2 for found in agreeing.values()),
        "comparisons": sum(len(comparisons(v)) for v in measured),
        "reductions": sum(bool(r.get("holds")) for v in measured if v.measured for r in v.measured["reductions"]),
    }


def conformance_json(atlas: Atlas) -> str:
    """The three-way table as data: for each method the differences between equations, code and peers."""
    methods = {
        v.id: {
            "status": v.rung.word,
            "measured_on": v.measured["measured_on"],
            "versions": v.measured["versions"],
            "code_against_equations": v.measured["equations"],
            "peers": [
                {
                    "object": p["object"],
                    "version": p["version"],
                    "settings": p["settings"],
                    "code_against_peer": finite(p["difference"]),
                    "equations_against_peer": finite(p.get("from_equations")),
                    "tolerance": p["tolerance"],
                    "verdict": p["verdict"],
                    "reason": reason,
                }
                for p, reason in zip(v.measured["peers"], reasons(v), strict=True)
            ],
            "reductions": v.measured["reductions"],
        }
        for v in atlas.methods
        if v.measured
    }
    return json.dumps({"counts": counts(atlas), "methods": methods}, ensure_ascii=False, indent=1).replace("<", "\\u003c") + "\n"


def finite(number: float | None) -> float | str | None:
    """JSON knows no infinity: it is written as a word."""
    return number if number is None or abs(number) < float("inf") else "infinite"


def conformance_pages(atlas: Atlas, env: Environment) -> Iterator[tuple[str, str]]:
    """(path, Markdown) of the matrix and of the table of three writings."""
    libraries, rows = matrix(atlas)
    known: dict[str, Any] = {"counts": counts(atlas), "comparisons": {view.id: comparisons(view) for view, _ in rows}}
    yield "conformance.md", env.get_template("conformance.md.j2").render(libraries=libraries, rows=rows, **known)
    yield "writings.md", env.get_template("writings.md.j2").render(views=[view for view, _ in rows], **known)


__all__ = ["comparisons", "conformance_json", "conformance_pages", "counts", "matrix"]
