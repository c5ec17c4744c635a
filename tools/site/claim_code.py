"""The functions of tools/results as pages show them: read from their source, with what each calls."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from markupsafe import Markup

from tools import results
from tools.site.code import code_html


@dataclass(frozen=True)
class Function:
    """A function, class or constant as it stands in the source. `id` is `module.name`; `calls` are ids of others of tools/results."""

    id: str
    file: str
    first: int
    last: int
    source: str
    summary: str
    calls: tuple[str, ...]

    @property
    def anchor(self) -> str:
        return "code-" + self.id.replace(".", "-")

    @cached_property
    def html(self) -> Markup:
        return code_html(self.source)


class Source:
    """All functions, classes and constants of tools/results by id."""

    @cached_property
    def functions(self) -> dict[str, Function]:
        folder = Path(results.__path__[0])
        paths = sorted(folder.glob("*.py"))
        trees = {p.stem: (p, ast.parse(text), text.splitlines()) for p in paths for text in [p.read_text("utf-8")]}
        names = {module: {name for name, _ in definitions(tree)} for module, (_, tree, _) in trees.items()}
        found = {}
        for module, (path, tree, lines) in trees.items():
            imported = imports(tree)
            for name, node in definitions(tree):
                text = ast.get_docstring(node) if isinstance(node, ast.FunctionDef | ast.ClassDef) else None
                first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))])
                last = node.end_lineno or first
                calls = [c for c in called(node, module, imported) if c.partition(".")[2] in names.get(c.partition(".")[0], ())]
                found[f"{module}.{name}"] = Function(
                    f"{module}.{name}",
                    path.relative_to(folder.parent.parent).as_posix(),
                    first,
                    last,
                    "\n".join(lines[first - 1 : last]),
                    (text or "").partition("\n")[0],
                    tuple(dict.fromkeys(c for c in calls if c != f"{module}.{name}")),
                )
        return found

    def __getitem__(self, id_: str) -> Function:
        return self.functions[id_]

    def behind(self, ids: Iterable[str]) -> list[Function]:
        """All functions that these call, directly or not, without themselves; in the order of the files."""
        given = list(ids)
        seen, queue = set(given), list(given)
        while queue:
            for id_ in self.functions[queue.pop()].calls:
                if id_ not in seen:
                    seen.add(id_)
                    queue.append(id_)
        return [f for f in self.functions.values() if f.id in seen - set(given)]


def definitions(tree: ast.Module) -> Iterator[tuple[str, ast.stmt]]:
    """Functions, classes and constants of a module, each with its name."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name, node
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            if isinstance(target, ast.Name):
                yield target.id, node


def imports(tree: ast.Module) -> dict[str, str]:
    """What a name of the module stands for: `bocb` for itself, `median` for `numbers.median`."""
    found = {}
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("tools.results"):
            module = node.module.removeprefix("tools.results").lstrip(".")
            for alias in node.names:
                found[alias.asname or alias.name] = f"{module}.{alias.name}" if module else alias.name
    return found


def called(node: ast.AST, module: str, imported: dict[str, str]) -> Iterator[str]:
    """Everything of tools/results that a definition names, as `module.name`."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Attribute) and isinstance(inner.value, ast.Name):
            yield f"{imported.get(inner.value.id, inner.value.id)}.{inner.attr}"
        elif isinstance(inner, ast.Name):
            yield imported.get(inner.id, f"{module}.{inner.id}")


__all__ = ["Function", "Source"]
