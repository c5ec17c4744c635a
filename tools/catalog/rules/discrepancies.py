"""The ledger: what a record names exists, its example and its measurement are there and fit, and no report is carried over twice."""

from __future__ import annotations

import ast
import json
import math
import re
from collections.abc import Iterator

from pydantic import ValidationError

from tools.catalog.discrepancies import Discrepancy, EffectSeen, contradiction, example_hash, example_path, measured_path
from tools.catalog.loader import Catalog, Source
from tools.catalog.problems import Problem
from tools.catalog.rules._words import folded, hint, near

CODES = {
    "ledger-method": "a method that the catalog does not have, or one given by name though the catalog has it",
    "ledger-equation": "an equation that none of the named methods has",
    "ledger-report": "a report that two records carry over",
    "ledger-library": "a library spelt in two ways",
    "ledger-example": "an example that is missing, belongs to no record, or has not the form of one",
    "ledger-status": "a status that the measured effect contradicts",
    "ledger-measurement": "a measurement that is missing, stale, broken, or belongs to no example",
}
FORM = re.compile(rb'"""[^"\n]+"""\n(?:.*\n)*?def effect\(\) -> float:\n')
HERE = "here lie <id>.yaml files and, beside those that can be run, <id>.py files only"


def check(catalog: Catalog) -> Iterator[Problem]:
    reports: dict[int, str] = {}
    spellings: dict[str, str] = {}
    names = {folded(n): o.id for o in catalog.optimizers.values() for n in (o.id, o.name)}
    for record in catalog.discrepancies.values():
        source = catalog.sources["discrepancies", record.id]
        yield from _methods(record, source, catalog, names)
        if record.report is not None and (first := reports.setdefault(record.report, record.id)) != record.id:
            allowed = f"{first} carries it over already"
            yield source.problem(("report",), "ledger-report", f"the report {record.report} a second time", allowed)
        for i, library in enumerate(record.libraries):
            if (usual := spellings.setdefault(folded(library.name), library.name)) != library.name:
                at = ("libraries", i, "name")
                yield source.problem(at, "ledger-library", f"{library.name!r}", "one spelling for each library", usual)
        yield from _example(record, source, catalog)
    yield from _strays(catalog)


def _methods(record: Discrepancy, source: Source, catalog: Catalog, names: dict[str, str]) -> Iterator[Problem]:
    methods = catalog.stems["optimizers"]
    for i, id_ in enumerate(record.optimizers):
        if id_ not in methods:
            allowed = hint(id_, methods, "a file in catalog/optimizers; other methods go to `methods_outside`")
            yield source.problem(("optimizers", i), "ledger-method", f"the id {id_!r}", allowed, near(id_, methods))
    for i, name in enumerate(record.methods_outside):
        if known := names.get(folded(name)):
            what, allowed = f"{name!r}, which the catalog has", "methods of the catalog stand under `optimizers`"
            yield source.problem(("methods_outside", i), "ledger-method", what, allowed, known)
    if record.equations and all(id_ in catalog.optimizers for id_ in record.optimizers):
        equations = {e.id for id_ in record.optimizers for e in catalog.optimizers[id_].equations}
        for i, id_ in enumerate(record.equations):
            if id_ not in equations:
                allowed = hint(id_, equations, "an equation of the methods named under `optimizers`")
                yield source.problem(("equations", i), "ledger-equation", f"the equation {id_!r}", allowed, near(id_, equations))


def _example(record: Discrepancy, source: Source, catalog: Catalog) -> Iterator[Problem]:
    """The record's example and what was measured of it."""
    path = example_path(catalog.root, record.id)
    at = ("reproduction", "status")
    try:
        content = None if path.is_symlink() else path.read_bytes()
    except OSError:
        content = None
    if record.reproduction.status == "cannot-run":
        if content is not None:
            what, allowed = f"{path.name} lies beside it", "what cannot be run has no example"
            yield source.problem(at, "ledger-example", what, allowed, f"rm catalog/discrepancies/{path.name}")
        return
    if content is None:
        what, allowed = f"no file {path.name} beside it", "an example shows what the installed version does"
        yield source.problem(at, "ledger-example", what, allowed, path.name)
        return
    try:
        ast.parse(content)
    except (SyntaxError, ValueError) as error:
        name = path.relative_to(catalog.root).as_posix()
        line, col = getattr(error, "lineno", None) or 1, getattr(error, "offset", None) or 1
        yield Problem(name, line, col, "ledger-example", "file", str(error).splitlines()[0], "Python that can be read")
        return
    if not FORM.match(content):
        name = path.relative_to(catalog.root).as_posix()
        what, allowed = "no example", "a docstring of one line at the top, and a function `def effect() -> float:`"
        yield Problem(name, 1, 1, "ledger-example", "file", what, allowed)
        return
    yield from _measurement(record, source, catalog, content)


def _measurement(record: Discrepancy, source: Source, catalog: Catalog, content: bytes) -> Iterator[Problem]:
    path = measured_path(catalog.root, record.id)
    name = path.relative_to(catalog.root).as_posix()
    code, command = "ledger-measurement", f"atlas measure --ledger {record.id}"
    try:
        seen = EffectSeen.model_validate(json.loads(path.read_bytes()))
        effect, package, digest = seen.effect, seen.package, seen.example_hash
    except FileNotFoundError:
        yield source.problem(("reproduction",), code, "an example that was not measured", "its effect is measured", command, key=True)
        return
    except (OSError, ValueError, RecursionError) as error:
        field, what = "file", type(error).__name__
        if isinstance(error, ValidationError):
            field, what = ".".join(map(str, error.errors()[0]["loc"])) or field, error.errors()[0]["msg"]
        line, col = getattr(error, "lineno", 1), getattr(error, "colno", 1)
        yield Problem(name, line, col, code, field, what, "a JSON object as atlas measure --ledger writes it", command)
        return
    if digest != example_hash(content):
        what = f"{digest[:12]}...: the example has changed since"
        yield Problem(name, 1, 1, code, "example_hash", what, "measured as it stands", command)
    elif package != record.reproduction.package:
        what, allowed = f"measured with {package!r}", "the package that the record names"
        yield source.problem(("reproduction", "package"), code, what, allowed, command)
    elif not (math.isfinite(effect) and effect >= 0):
        yield Problem(name, 1, 1, code, "effect", f"{effect}", "an effect is a finite number, and not negative", command)
    elif fault := contradiction(record, effect):
        yield source.problem(("reproduction", "status"), "ledger-status", fault, "they agree")


def _strays(catalog: Catalog) -> Iterator[Problem]:
    """Examples and measurements without their records."""
    root, known = catalog.root, catalog.stems["discrepancies"]
    for path in sorted((root / "catalog" / "discrepancies").glob("*.py")):
        if path.stem not in known:
            name = path.relative_to(root).as_posix()
            yield Problem(name, 1, 1, "ledger-example", "file", "an example without its record", HERE, f"{path.stem}.yaml")
    for path in sorted((root / "catalog" / "measurements" / "ledger").glob("[!.]*")):
        record = catalog.discrepancies.get(path.stem)
        if path.suffix != ".json" or path.stem not in known or (record and record.reproduction.status == "cannot-run"):
            name = path.relative_to(root).as_posix()
            what = f"a file named {path.name}"
            yield Problem(name, 1, 1, "ledger-measurement", "file", what, "the measurement of an example", f"rm {name}")
