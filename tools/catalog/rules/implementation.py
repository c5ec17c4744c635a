"""A record and its reference implementation agree: the file, the class, the signature, the buffers."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from tools.catalog.hashes import code_path
from tools.catalog.loader import Catalog, Source
from tools.catalog.problems import Problem
from tools.catalog.rules._code import Code, Parameter, parameters, read_code
from tools.catalog.rules._words import near
from tools.catalog.rules.hyperparameters import range_fault, shown
from tools.catalog.schema import INTERVAL, Hyperparameter, Optimizer

CODES = {
    "implementation-missing": "an implementation whose file or class does not exist or cannot be read",
    "implementation-unclaimed": "a file in reference_impls that no record has as its implementation",
    "signature": "parameters of the class that are not the record's hyperparameters: names, order, defaults, ranges",
    "buffers": "buffers of the class that are not the record's state",
}


def check(catalog: Catalog) -> Iterator[Problem]:
    claimed = set()
    for optimizer in catalog.optimizers.values():
        if optimizer.implementation is not None:
            claimed.add(code_path(catalog.root, optimizer))
            yield from _check(catalog, optimizer)
    folder = catalog.root / "reference_impls"
    for path in sorted([*folder.glob("*.py"), *folder.glob("wrappers/*.py")]):
        id_ = path.stem.replace("_", "-")
        if path not in claimed and not path.name.startswith("_") and ("optimizers", id_) not in catalog.broken:
            name = path.relative_to(catalog.root).as_posix()
            close = id_ if id_ in catalog.optimizers else near(id_, catalog.optimizers)
            allowed = "its record has `implementation`; helpers' names start with _"
            yield Problem(
                name,
                1,
                1,
                "implementation-unclaimed",
                "file",
                "a file that no record claims",
                allowed,
                close and f"in {close}: implementation: {{class: ...}}",
            )


def _check(catalog: Catalog, optimizer: Optimizer) -> Iterator[Problem]:
    assert optimizer.implementation is not None
    source, root = catalog.source(optimizer), catalog.root
    path, wanted = code_path(root, optimizer), optimizer.implementation.class_name
    name = path.relative_to(root).as_posix()
    at = ("implementation", "class")
    try:
        code = read_code(path)
    except OSError:
        yield source.problem(
            at, "implementation-missing", f"no file {name}", "the implementation lies there, or `implementation` is left out"
        )
        return
    except (SyntaxError, ValueError) as error:
        yield Problem(
            name,
            getattr(error, "lineno", None) or 1,
            getattr(error, "offset", None) or 1,
            "implementation-missing",
            "file",
            f"{error}".splitlines()[0],
            "Python that can be read",
        )
        return
    if wanted not in code.classes or wanted.casefold() != optimizer.id.replace("-", ""):
        found = f"no class {wanted} in {name}" if wanted not in code.classes else f"the class {wanted} of {optimizer.id}"
        allowed = "the class has the id's letters, in any case"
        yield source.problem(
            at,
            "implementation-missing",
            found,
            allowed,
            next((c for c in code.classes if c.casefold() == optimizer.id.replace("-", "")), ""),
        )
        return
    cls = code.classes[wanted]
    yield from _signature(source, optimizer, name, cls, parameters(code, cls, root))
    yield from _buffers(optimizer, name, code, cls)


def _signature(source: Source, optimizer: Optimizer, path: str, cls: ast.ClassDef, given: list[Parameter] | None) -> Iterator[Problem]:
    wanted = list(optimizer.hyperparameters)
    if given is None or [p.name for p in given] != [h.name for h in wanted]:
        found = "no __init__" if given is None else "the parameters " + (", ".join(p.name for p in given) or "none")
        other = next((p for p, h in zip(given or (), wanted, strict=False) if p.name != h.name), given[-1] if given else None)
        line, col = (other.line, other.col) if other else (cls.lineno, cls.col_offset + 1)
        allowed = "the record's hyperparameters, in its order"
        yield Problem(path, line, col, "signature", cls.name, found, allowed, ", ".join(h.name for h in wanted))
        return
    for p, h in zip(given, wanted, strict=True):
        if not p.readable:
            yield Problem(
                path,
                p.line,
                p.col,
                "signature",
                p.name,
                "a default that is no plain value",
                "the record's default, written out",
                shown(h.default),
            )
        elif not _same(p.default, h.default):
            where = source.document.place(("hyperparameters", wanted.index(h), "default"))[0]
            found = f"the default {shown(p.default)}" if p.default is not None else "no default"
            yield Problem(
                path, p.line, p.col, "signature", p.name, found, f"the record's default ({source.path}:{where})", shown(h.default)
            )
        if p.kind is not None and p.kind != h.type and not (p.kind == "float" and h.type == "choice"):
            yield Problem(path, p.line, p.col, "signature", p.name, f"the type {p.kind}", "the record's type", h.type)
        elif (
            not range_fault(h.range, h.type)
            and _ends(p.range) != _ends(h.range)
            and (p.range is not None or (p.kind is not None and INTERVAL.match(h.range) and not _everything(h)))
        ):
            found = f"the range {p.range}" if p.range else "no range"
            yield Problem(path, p.line, p.col, "signature", p.name, found, "the record's range", f'Annotated[{h.type}, Range("{h.range}")]')


def _same(ours: Any, theirs: Any) -> bool:
    if isinstance(ours, tuple | list) and isinstance(theirs, tuple | list):
        return len(ours) == len(theirs) and all(map(_same, ours, theirs))
    return isinstance(ours, bool) == isinstance(theirs, bool) and ours == theirs


def _ends(text: str | None) -> tuple[str, float, float, str] | str | None:
    """A range without its layout: "[0,1)" and "[0.0, 1)" are one."""
    found = INTERVAL.match(text) if text else None
    try:
        return (found["open"], float(found["low"]), float(found["high"]), found["close"]) if found else text
    except ValueError:
        return text


def _everything(h: Hyperparameter) -> bool:
    return _ends(h.range) == ("(", float("-inf"), float("inf"), ")")


def _buffers(optimizer: Optimizer, path: str, code: Code, cls: ast.ClassDef) -> Iterator[Problem]:
    node = next((n for n in cls.body if isinstance(n, ast.Assign) and [getattr(t, "id", "") for t in n.targets] == ["buffers"]), None)
    items = list(node.value.elts) if node is not None and isinstance(node.value, ast.Tuple | ast.List) else None if node is not None else []
    try:
        given = None if items is None else {_buffer(item) for item in items}
    except (ValueError, TypeError, SyntaxError):
        given = None  # built by code: the tests of the class look at it
    wanted = {(s.name, s.shape, s.applies_to, s.scaled_by or "") for s in optimizer.state}
    if given is not None and given != wanted:
        line, col = (node.lineno, node.col_offset + 1) if node is not None else (cls.lineno, cls.col_offset + 1)
        missing, extra = (", ".join(sorted(map(_words, s))) or "nothing" for s in (wanted - given, given - wanted))
        yield Problem(
            path,
            line,
            col,
            "buffers",
            cls.name,
            f"{extra} too many, {missing} missing",
            "the record's state",
            ", ".join(sorted(map(_words, wanted))) or "no buffers",
        )


def _buffer(item: ast.expr) -> tuple[str, Any, str, str]:
    """`"m"` or `Buffer("r", ("rows", 1), "matrices")` as name, shape, scope and factor."""
    if not isinstance(item, ast.Call):
        return ast.literal_eval(item), "parameter", "all", ""
    values = dict(zip(("name", "shape", "applies_to", "scaled_by"), map(ast.literal_eval, item.args), strict=False))
    values |= {k.arg: ast.literal_eval(k.value) for k in item.keywords if k.arg}
    shape = values.get("shape", "parameter")
    shape = tuple(shape) if isinstance(shape, list) else shape
    return values["name"], shape, values.get("applies_to", "all"), values.get("scaled_by", "")


def _words(slot: tuple[str, Any, str, str]) -> str:
    name, shape, scope, factor = slot
    layout = "" if shape == "parameter" else f" ({shape if isinstance(shape, str) else ', '.join(map(str, shape))})"
    return name + layout + ("" if scope == "all" else f" of {scope}") + (f" scaled by {factor}" if factor else "")
