"""Reference implementations: one file a method, named as its record in the catalog.

`from reference_impls import Lion`, or `load("lion")` by the record's id. A method's file is read when it is first asked for.
"""

import re
from difflib import get_close_matches
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

_HERE = Path(__file__).parent


def ids() -> list[str]:
    """The ids of all methods that have a file here or in `wrappers/`."""
    return sorted(_files())


def load(id: str) -> type:
    """The class of a method by its id: `load("adam-mini")`. An unknown id is a LookupError that names the nearest ones."""
    if id not in _files():
        near = get_close_matches(id, _files(), n=3)
        raise LookupError(f"no reference implementation {id!r}" + (f"; did you mean {', '.join(near)}?" if near else ""))
    return getattr(import_module(f"reference_impls.{_files()[id][0]}"), _files()[id][1])


def stub() -> str:
    """What `__init__.pyi` says to editors, which cannot ask for a name: where every class comes from."""
    classes = "".join(f"from reference_impls.{module} import {cls} as {cls}\n" for module, cls in _files().values())
    return f"{classes}\ndef ids() -> list[str]: ...\ndef load(id: str) -> type: ...\ndef stub() -> str: ...\n"


@cache
def _files() -> dict[str, tuple[str, str]]:
    """Id -> module and class. The class is the one in the file whose name is the file's without regard to case and underscores."""
    found = {}
    for path in sorted([*_HERE.glob("[a-z]*.py"), *_HERE.glob("wrappers/[a-z]*.py")]):
        names = re.findall(r"^class (\w+)\(", path.read_text(encoding="utf-8"), re.MULTILINE)
        name = next((n for n in names if n.casefold() == path.stem.replace("_", "")), None)
        if name is None:
            raise ImportError(f"{path.name} must define a class named as the file, in any case and without underscores, not {names}")
        found[path.stem.replace("_", "-")] = (".".join(path.relative_to(_HERE).with_suffix("").parts), name)
    return found


def __getattr__(name: str) -> Any:
    if name == "__all__":
        return sorted([*(cls for _, cls in _files().values()), "ids", "load", "stub"])
    if name.startswith("_"):
        raise AttributeError(name)
    for id, (_, cls) in _files().items():
        if cls == name:
            return load(id)
    raise AttributeError(f"module 'reference_impls' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __getattr__("__all__")
