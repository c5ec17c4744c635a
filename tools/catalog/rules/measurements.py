"""Measurements belong to the code and the record that stand here now."""

from __future__ import annotations

import json
from collections.abc import Iterator

from tools.catalog.loader import Catalog
from tools.catalog.measurements import stale
from tools.catalog.problems import Problem
from tools.catalog.rules._words import hint

CODES = {
    "measurement-stale": "a measurement of other code or of another record",
    "measurement-unknown": "a measurement of a method that does not exist or has no implementation",
    "measurement-unreadable": "a measurement that is no JSON object with code_hash and record_hash",
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
            text = path.read_text(encoding="utf-8")
            data = json.loads(text)
            given = {key: str(data[key]) for key in ("code_hash", "record_hash")}
        except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
            what = f"no {error}" if isinstance(error, KeyError) else type(error).__name__
            yield Problem(
                name,
                getattr(error, "lineno", 1),
                getattr(error, "colno", 1),
                "measurement-unreadable",
                "file",
                what,
                "a JSON object with code_hash and record_hash",
                f"atlas measure {id_}",
            )
            continue
        try:
            keys = stale(catalog.root, optimizer, data)
        except (OSError, SyntaxError, ValueError):
            continue  # implementation reports it
        for key in keys:
            before = text[: max(text.find(f'"{key}"'), 0)]
            line, col = before.count("\n") + 1, len(before) - before.rfind("\n")
            what = "the code has changed since" if key == "code_hash" else "the record has changed since"
            yield Problem(name, line, col, "measurement-stale", key, f"{given[key][:12]}...: {what}", AGAIN, f"atlas measure {id_}")
