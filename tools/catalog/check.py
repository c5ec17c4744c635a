"""All problems of a catalog: those of single files and those that the rules find between them."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from itertools import groupby
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

from tools.catalog import rules
from tools.catalog.loader import Catalog, load_catalog, load_methods
from tools.catalog.meanwhile import meanwhile
from tools.catalog.problems import Problem

MOST_IN_FILE = 250
# rules that look at equations alone, and take their time
OF_METHODS = ("equation_ids", "equation_names", "equation_shapes", "equation_syntax", "executable", "shrink_factor")
CODES = {"rule-failed": "a rule itself stopped with an error"}


def rule_modules() -> list[Any]:
    """Every module of `rules/`: each has CODES (code: meaning) and check(catalog)."""
    return [_rule(m.name) for m in iter_modules(rules.__path__) if not m.name.startswith("_")]


def _rule(name: str) -> Any:
    return import_module(f"tools.catalog.rules.{name}")


def check(root: Path) -> tuple[Catalog, list[Problem]]:
    """The catalog below `root` and all its problems, sorted by place. What needs the methods alone is done in a process of its own."""
    with _no_collecting():
        begun = methods, _ = load_methods(root)
        wait_for_others = meanwhile(lambda: [p for name in OF_METHODS for p in _applied(_rule(name), methods)], nice=0)
        catalog, problems = load_catalog(root, begun)
        found = [p for rule in rule_modules() if rule.__name__.rpartition(".")[2] not in OF_METHODS for p in _applied(rule, catalog)]
        return catalog, _sorted([*problems, *found, *wait_for_others()])


def by_rules(catalog: Catalog, problems: list[Problem]) -> list[Problem]:
    """The problems of loading together with those that the rules find, sorted by place."""
    with _no_collecting():
        return _sorted([*problems, *(p for rule in rule_modules() for p in _applied(rule, catalog))])


def check_meanwhile(root: Path) -> tuple[Catalog, Callable[[], list[Problem]]]:
    """The catalog at once, and a function that waits for all its problems.

    The rules run in a process of their own (see `meanwhile`).
    """
    with _no_collecting():
        catalog, problems = load_catalog(root)
    return catalog, meanwhile(lambda: by_rules(catalog, problems))


@contextmanager
def _no_collecting() -> Iterator[None]:
    """Millions of small objects and no garbage: looking for it costs a third of the time."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def _applied(rule: Any, catalog: Catalog) -> Iterator[Problem]:
    """What a rule finds; a fault of the rule itself is a problem too and does not hide what the others find."""
    try:
        yield from rule.check(catalog)
    except Exception as error:
        path = Path(rule.__file__).relative_to(Path(__file__).parents[2]).as_posix()
        what = f"{type(error).__name__}: {error}".splitlines()[0]
        yield Problem(path, 1, 1, "rule-failed", rule.__name__.rpartition(".")[2], what, "this is a fault of the check: please report it")


def _sorted(problems: list[Problem]) -> list[Problem]:
    return list(_limited(sorted(set(problems))))


def _limited(problems: list[Problem]) -> Iterator[Problem]:
    """A file with very many problems does not drown the others: its first ones, and a word on the rest."""
    for path, group in groupby(problems, lambda p: p.path):
        own = list(group)
        yield from own[:MOST_IN_FILE]
        if len(own) > MOST_IN_FILE:
            last = own[MOST_IN_FILE - 1]
            found, allowed = f"{len(own)} problems", f"the first {MOST_IN_FILE} are listed"
            yield Problem(path, last.line, last.col, "too-many-problems", "file", found, allowed)
