"""Measurements belong to the code and the record that stand here now."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from tools.catalog.loader import Catalog
from tools.catalog.measurements import Measurement, contradictions, stale
from tools.catalog.problems import Problem
from tools.catalog.rules._words import hint
from tools.catalog.yaml_reader import MOST_BYTES

CODES = {
    "measurement-stale": "a measurement of other code or of another record",
    "measurement-unknown": "a measurement of a method that does not exist or has no implementation",
    "measurement-unreadable": "a measurement that is no plain file of JSON in the form of atlas measure",
    "measurement-fault": "a measurement that contradicts the record or itself",
}
AGAIN = "measured on what stands here"


def check(catalog: Catalog) -> Iterator[Problem]:
    for path in sorted((catalog.root / "catalog" / "measurements").glob("*")):
        if path.name.startswith(".") or path.name in ("ledger", "golden"):  # rule `discrepancies`; tests replay golden ones
            continue
        name, id_ = path.relative_to(catalog.root).as_posix(), path.stem
        if path.suffix != ".json" or id_ not in catalog.stems["optimizers"]:
            allowed = hint(id_, catalog.stems["optimizers"], "here lie <id>.json files only, written by atlas measure")
            yield Problem(name, 1, 1, "measurement-unknown", "file", f"a file named {path.name}", allowed, "adam.json")
            continue
        if (optimizer := catalog.optimizers.get(id_)) is None:
            continue  # the record is broken
        if optimizer.implementation is None:
            yield Problem(
                name, 1, 1, "measurement-unknown", "file", f"a measurement, but {id_} has no implementation", "remove it", f"rm {name}"
            )
            continue
        try:
            text = plain(path)
            data = json.loads(text, object_pairs_hook=distinct)
            Measurement.model_validate(data)
        except (OSError, ValueError, TypeError, RecursionError) as error:
            line, col = getattr(error, "lineno", 1), getattr(error, "colno", 1)
            field, what = _first(error) if isinstance(error, ValidationError) else ("file", str(error) or type(error).__name__)
            yield Problem(name, line, col, "measurement-unreadable", field, what, "as atlas measure writes it", f"atlas measure {id_}")
            continue
        try:
            keys = stale(catalog.root, optimizer, data)
        except (OSError, SyntaxError, ValueError):
            continue  # implementation reports it
        if not keys:
            for fault in contradictions(optimizer, data):
                yield Problem(name, 1, 1, "measurement-fault", id_, fault, "it bears the record out", f"atlas measure {id_}")
        for key in keys:
            before = text[: max(text.find(f'"{key}"'), 0)]
            line, col = before.count("\n") + 1, len(before) - before.rfind("\n")
            what = "the code has changed since" if key == "code_hash" else "the record has changed since"
            yield Problem(name, line, col, "measurement-stale", key, f"{data[key][:12]}...: {what}", AGAIN, f"atlas measure {id_}")


def plain(path: Path) -> str:
    """The text of an ordinary file of ordinary size. Raises OSError or ValueError."""
    if path.is_symlink() or not path.is_file():
        raise ValueError("no plain file")
    if (size := path.stat().st_size) > MOST_BYTES:
        raise ValueError(f"{size} bytes, more than {MOST_BYTES}")
    return path.read_text(encoding="utf-8")


def distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object. Raises ValueError where a key stands twice."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"the key {key!r} stands twice")
        found[key] = value
    return found


def _first(error: ValidationError) -> tuple[str, str]:
    """Field and fault of what does not have the form."""
    fault = error.errors()[0]
    return ".".join(map(str, fault["loc"])) or "file", fault["msg"]
