"""What rules read from reference implementations, as text: nothing there is imported or run."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

MACHINERY = frozenset({"compile"})  # every class has it, and no record
MARKER = re.compile(r"\s*# \[([^\]\s]+)\] ([^:]+): \S")
LOOSE = re.compile(r"\s*#\s*\[")


@dataclass(frozen=True)
class Parameter:
    """A parameter of `__init__`: its default as a value, what its annotation allows, and its place."""

    name: str
    line: int
    col: int
    default: Any = None  # a parameter without default must be given, as a record's null says
    readable: bool = True
    range: str | None = None
    kind: str | None = None


@dataclass(frozen=True)
class Code:
    path: Path
    tree: ast.Module
    lines: tuple[str, ...]
    classes: dict[str, ast.ClassDef] = field(default_factory=dict)


def read_code(path: Path) -> Code:
    """Raises OSError, SyntaxError or ValueError where the file is missing or broken."""
    stamp = path.stat()
    return _read(path, stamp.st_mtime_ns, stamp.st_size)


@cache
def _read(path: Path, mtime: int, size: int) -> Code:
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    return Code(path, tree, tuple(text.split("\n")), {n.name: n for n in tree.body if isinstance(n, ast.ClassDef)})


def parameters(code: Code, cls: ast.ClassDef, root: Path) -> list[Parameter] | None:
    """The hyperparameters in the order of `__init__`; None where the class has no `__init__` of its own."""
    function = next((n for n in cls.body if isinstance(n, ast.FunctionDef) and n.name == "__init__"), None)
    if function is None:
        return None
    known = aliases(code, root)
    given = [*function.args.posonlyargs, *function.args.args]
    blanks: list[ast.expr | None] = [None] * (len(given) - len(function.args.defaults))
    pairs = list(zip(given, [*blanks, *function.args.defaults], strict=True))[2:]
    pairs += [(a, d) for a, d in zip(function.args.kwonlyargs, function.args.kw_defaults, strict=True) if a.arg not in MACHINERY]
    result = []
    for argument, default in pairs:
        if argument.arg in MACHINERY:
            continue
        try:
            value, readable = (ast.literal_eval(default) if default is not None else None), True
        except (ValueError, TypeError, SyntaxError):
            value, readable = None, False
        kind, range_ = _annotation(argument.annotation, known, 0)
        result.append(Parameter(argument.arg, argument.lineno, argument.col_offset + 1, value, readable, range_, kind))
    return result


def aliases(code: Code, root: Path) -> dict[str, ast.expr]:
    """Names of annotations such as NonNegative: those of the shared files, then those of the file itself."""
    found: dict[str, ast.expr] = {}
    for path in [*sorted((root / "reference_impls").glob("_*.py")), code.path]:
        try:
            body = read_code(path).tree.body
        except (OSError, SyntaxError, ValueError):
            continue
        found |= {n.targets[0].id: n.value for n in body if isinstance(n, ast.Assign) and isinstance(n.targets[0], ast.Name)}
    return found


def _annotation(node: ast.expr | None, known: dict[str, ast.expr], depth: int) -> tuple[str | None, str | None]:
    """The type's word and the range of an annotation, as far as the text says them."""
    if node is None or depth > 5:
        return None, None
    if isinstance(node, ast.BinOp):  # float | None
        return _annotation(node.left, known, depth + 1)
    if isinstance(node, ast.Name):
        return (node.id, None) if node.id in ("float", "int", "bool") else _annotation(known.get(node.id), known, depth + 1)
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and isinstance(node.slice, ast.Tuple):
        if node.value.id == "tuple":
            return _annotation(node.slice.elts[0], known, depth + 1)
        if node.value.id == "Annotated":
            kind, range_ = _annotation(node.slice.elts[0], known, depth + 1)
            for item in node.slice.elts[1:]:
                match item:
                    case ast.Call(func=ast.Name(id="Range"), args=[ast.Constant(value=str(text))]):
                        range_ = text
            return kind, range_
    return None, None


def markers(code: Code) -> list[tuple[int, int, str | None, str]]:
    """Line, column, id (None: a comment that starts like a marker and is none) and step of every marker."""
    found = []
    for number, text in enumerate(code.lines, 1):
        if LOOSE.match(text):
            match = MARKER.match(text)
            found.append((number, text.index("#") + 1, match[1] if match else None, match[2] if match else text.strip()))
    return found
