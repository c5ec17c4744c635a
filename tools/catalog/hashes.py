"""Fingerprints of a method's code and record: a measurement that carries other ones is stale.

Comments, docstrings and layout of the code do not count, nor does the version of Python; what an entry says in words does not count either.
"""

from __future__ import annotations

import ast
import hashlib
import json
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from tools.catalog.schema import Kind, Optimizer

IMPORTED = re.compile(r"\breference_impls\.\w+(?:\.\w+)*")
RECORDED = ("kind", "order", "parameter_scope", "hyperparameters", "state", "equations", "reductions", "invariances", "implementation")
WORDS = frozenset({"meaning", "symbol", "latex", "source", "where", "note", "reason", "official"})  # for readers alone


def code_path(root: Path, optimizer: Optimizer) -> Path:
    """Where the method's reference implementation lies (or would lie)."""
    folder = root / "reference_impls" / "wrappers" if optimizer.kind is Kind.WRAPPER else root / "reference_impls"
    return folder / f"{optimizer.id.replace('-', '_')}.py"


def second_writing(root: Path, optimizer: Optimizer) -> Path:
    """Where a NumPy writing of a method lies that the algebra cannot say: its `steps` gives the parameters after each step.

    `steps(thetas, objectives, draw, **hyper)`: one objective a step (value, gradient, full_gradient and hvp, of lists of arrays), and
    `draw(kind, shape)` for the step's random numbers.
    """
    return root / "tests" / "second" / f"{optimizer.id.replace('-', '_')}.py"


def code_hash(root: Path, optimizer: Optimizer) -> str:
    """SHA-256 over `_base.py`, the method's file, its second writing, and what these import of `reference_impls`.

    Raises OSError or SyntaxError where a file is missing or broken.
    """
    return _over_files(root, optimizer, _file)


def bytes_hash(root: Path, optimizer: Optimizer) -> str:
    """SHA-256 over the bytes of the same files and of any other that they name: where it is the same, so is `code_hash`. Parses nothing.

    Raises OSError where a file is missing.
    """
    return _over_files(root, optimizer, _bytes)


def record_hash(optimizer: Optimizer) -> str:
    """SHA-256 over the parts of the record that a measurement depends on."""
    data = _counted(optimizer.model_dump(mode="json", by_alias=True, include=set(RECORDED)))
    return hashlib.sha256(json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()).hexdigest()


def _counted(node: Any) -> Any:
    """What counts of a record: no words, and of a difference only that there is one."""
    if isinstance(node, list):
        return [_counted(n) for n in node]
    if not isinstance(node, dict):
        return node
    return {k: bool(v) if k == "differs" else _counted(v) for k, v in node.items() if k not in WORDS}


def _over_files(root: Path, optimizer: Optimizer, digest: Callable[[Path, int, int], tuple[str, tuple[str, ...]]]) -> str:
    second = second_writing(root, optimizer)
    pending, seen = [root / "reference_impls" / "_base.py", code_path(root, optimizer), *([second] if second.is_file() else [])], {}
    while pending:
        path = pending.pop()
        if path not in seen:
            stamp = path.stat()
            seen[path], modules = digest(path, stamp.st_mtime_ns, stamp.st_size)
            pending += [p for p in ((root / m).with_suffix(".py") for m in modules) if p.is_file()]
    parts = [f"{path.relative_to(root).as_posix()} {part}" for path, part in sorted(seen.items())]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


@cache
def _bytes(path: Path, mtime: int, size: int) -> tuple[str, tuple[str, ...]]:
    """The digest of one file's bytes, and every module of `reference_impls` that it names, in comments too."""
    raw = path.read_bytes()
    named = {m.replace(".", "/") for m in IMPORTED.findall(raw.decode("utf-8", "replace"))}
    return hashlib.sha256(raw).hexdigest(), tuple(sorted(named))


@cache
def _file(path: Path, mtime: int, size: int) -> tuple[str, tuple[str, ...]]:
    """The digest of one file, and the modules of `reference_impls` that it imports, as paths without ending."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    modules = {n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and n.module and not n.level}
    modules |= {alias.name for n in ast.walk(tree) if isinstance(n, ast.Import) for alias in n.names}
    ours = tuple(sorted(m.replace(".", "/") for m in modules if m.startswith("reference_impls.")))
    return hashlib.sha256(repr(_shape(tree)).encode()).hexdigest(), ours


def _shape(node: Any) -> Any:
    """The tree as nested tuples, without docstrings, places and empty fields (which differ between versions of Python)."""
    if isinstance(node, list):
        return [_shape(n) for n in node]
    if not isinstance(node, ast.AST):
        return node
    fields = dict(ast.iter_fields(node))
    body: Any = fields.get("body")
    if (
        isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and ast.get_docstring(node, clean=False) is not None
    ):
        fields["body"] = body[1:]
    drop = ("ctx", "kind", "type_comment", "type_ignores", "simple")
    return (type(node).__name__, *((k, _shape(v)) for k, v in fields.items() if k not in drop and v is not None and v != []))
