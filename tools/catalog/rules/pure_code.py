"""A rule in code is out of place, and its hyperparameters reach the base class."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tools.catalog.hashes import code_path
from tools.catalog.loader import Catalog
from tools.catalog.problems import Problem
from tools.catalog.rules._code import parameters, read_code

CODES = {
    "in-place": "a rule that writes in place, or prints",
    "handed-on": "an `__init__` that does not hand every hyperparameter, and compile, to the base class",
}


def check(catalog: Catalog) -> Iterator[Problem]:
    for optimizer in catalog.optimizers.values():
        if optimizer.implementation is None:
            continue
        path = code_path(catalog.root, optimizer)
        try:
            code = read_code(path)
        except (OSError, SyntaxError, ValueError):
            continue  # implementation reports it
        name = path.relative_to(catalog.root).as_posix()
        for node in ast.walk(code.tree):
            if found := _in_place(node):
                text, example = found
                line, col = getattr(node, "lineno", 1), getattr(node, "col_offset", 0) + 1
                yield Problem(name, line, col, "in-place", optimizer.id, text, "a rule makes new tensors", example)
        cls = code.classes.get(optimizer.implementation.class_name)
        given = parameters(code, cls, catalog.root) if cls else None
        if cls and given is not None:
            yield from _handed_on(name, cls, [p.name for p in given])


def _in_place(node: ast.AST) -> tuple[str, str] | None:
    """What a node writes in place, and how it is said instead."""
    match node:
        case ast.AugAssign(target=target, op=op):
            word = ast.unparse(target)
            sign = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}.get(type(op), "...")
            return f"{word} {sign}=, which writes in place", f"{word} = {word} {sign} ..."
        case ast.Call(func=ast.Attribute(value=owner, attr=attr)) if attr.endswith("_") and not attr.endswith("__"):
            return f"{attr}, which writes in place", f"{ast.unparse(owner)[:30]}.{attr.rstrip('_')}(...), assigned"
        case ast.Call(keywords=keywords) if any(k.arg == "out" for k in keywords):
            return "out=, which writes in place", "the result, assigned"
        case ast.Assign(targets=[ast.Subscript(value=target), *_]):
            return f"{ast.unparse(target)}[...] =, which writes in place", "torch.where(...)"
        case ast.Call(func=ast.Name(id="print")):
            return "print", "nothing: a step is silent"
    return None


def _handed_on(path: str, cls: ast.ClassDef, wanted: list[str]) -> Iterator[Problem]:
    init = next(n for n in cls.body if isinstance(n, ast.FunctionDef) and n.name == "__init__")
    calls = [n for n in ast.walk(init) if isinstance(n, ast.Call) and ast.unparse(n.func) == "super().__init__"]
    example = f"super().__init__(params, compile, {', '.join(f'{n}={n}' for n in wanted)})"
    call = calls[0] if calls else None
    line, col = (call or init).lineno, (call or init).col_offset + 1
    handed = {k.arg for k in call.keywords if k.arg and isinstance(k.value, ast.Name) and k.value.id == k.arg} if call else set()
    handed |= {a.id for a in call.args if isinstance(a, ast.Name)} if call else set()
    if missing := [n for n in [*wanted, "compile"] if n not in handed]:
        yield Problem(path, line, col, "handed-on", cls.name, f"{', '.join(missing)} not handed on", "each as it was given", example)
