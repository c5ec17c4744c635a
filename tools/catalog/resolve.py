"""From what people type to methods: ids, names and aliases in any case; ambiguous names list their candidates."""

from __future__ import annotations

import difflib
import unicodedata

from tools.catalog.loader import Catalog
from tools.catalog.schema import Optimizer


class NotFound(LookupError):
    """No method has this name; `near` holds names that look like it."""

    def __init__(self, name: str, near: list[str]) -> None:
        super().__init__(f"no method {name!r}" + (f"; near names: {', '.join(near)}" if near else ""))
        self.near = near


class Ambiguous(LookupError):
    """Several methods go by this name."""

    def __init__(self, name: str, candidates: list[Optimizer]) -> None:
        super().__init__(f"{name!r} is ambiguous: " + ", ".join(f"{o.id} ({o.name})" for o in candidates))
        self.candidates = candidates


def folded(name: str) -> str:
    """The form in which names are compared: no case, no blanks, hyphens or underscores."""
    return "".join(c for c in unicodedata.normalize("NFKC", name).casefold() if c not in " -_‐‑–")


def resolve(catalog: Catalog, name: str) -> Optimizer:
    """The method with this id, name or alias. Raises NotFound or Ambiguous."""
    if name in catalog.optimizers:
        return catalog.optimizers[name]
    wanted = folded(name)
    if by_id := [o for o in catalog.optimizers.values() if folded(o.id) == wanted]:
        return by_id[0]  # an id is never ambiguous, even where it is another method's alias
    by_name = [o for o in catalog.optimizers.values() if wanted in map(folded, (o.name, *o.aliases))]
    if len(by_name) == 1:
        return by_name[0]
    if by_name:
        raise Ambiguous(name, by_name)
    known = {folded(n): o.id for o in catalog.optimizers.values() for n in (o.id, o.name, *o.aliases)}
    near = difflib.get_close_matches(wanted, known, n=4, cutoff=0.55)
    near += [k for k in known if k not in near and len(wanted) >= 3 and wanted in k]
    near = near or difflib.get_close_matches(wanted, known, n=3, cutoff=0.3)  # far ones rather than none
    raise NotFound(name, list(dict.fromkeys(known[k] for k in near))[:5])
