"""`atlas verify [ID...]`: put the claims of implemented methods to the test, print a table, and write what was seen.

What was seen goes to catalog/measurements/, each file whole or not at all. Exit 1 where a claim fails.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import traceback
from pathlib import Path
from typing import Any

from tools.catalog.check import check
from tools.catalog.loader import Catalog
from tools.catalog.measurements import golden_path, path_of
from tools.catalog.resolve import Ambiguous, NotFound, resolve
from tools.catalog.schema import Optimizer
from tools.cli import CommandError
from tools.cli._files import write_whole


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("ids", nargs="*", metavar="ID", help="methods (default: all that have a reference implementation)")
    parser.add_argument("--format", choices=("text", "json"), default="text")
    parser.add_argument("--dry-run", action="store_true", help="write nothing to catalog/measurements")


def run(options: argparse.Namespace) -> int:
    catalog, chosen = implemented(options)
    results = measure_all(catalog, chosen)
    for result in () if options.dry_run else results:
        write(path_of(catalog.root, result["id"]), result)
        write_golden(catalog, result)
    sys.stdout.write(json.dumps(results, indent=1) + "\n" if options.format == "json" else table(results))
    return 1 if any(r["faults"] for r in results) else 0


def write_golden(catalog: Catalog, result: dict[str, Any]) -> None:
    """The golden trajectories of a verified method; of another one there are none."""
    from tools.measure.golden import golden, text

    path = golden_path(catalog.root, result["id"])
    verified = result["verdict"].startswith("verified")
    if (data := golden(catalog.optimizers[result["id"]], catalog.root) if verified else None) is None:
        path.unlink(missing_ok=True)
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole({path: text(data)})


def write(path: Path, data: dict[str, Any]) -> None:
    """A measurement as JSON at its place, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole({path: json.dumps(data, indent=1, sort_keys=True) + "\n"})


def implemented(options: argparse.Namespace) -> tuple[Catalog, list[Optimizer]]:
    """The catalog and the methods that were asked for. Raises CommandError."""
    catalog, problems = check(options.root)
    # a stale measurement is what this command is there to mend
    if open_ := [p for p in problems if not p.code.startswith("measurement")]:
        raise CommandError(f"{open_[0]} ({len(open_)} problems; see `atlas check`)")
    try:
        chosen = [resolve(catalog, name) for name in options.ids]
    except (NotFound, Ambiguous) as error:
        raise CommandError(str(error)) from None
    for o in chosen:
        if o.implementation is None:
            raise CommandError(f"{o.id} has no reference implementation")
    chosen = chosen or [o for o in catalog.optimizers.values() if o.implementation]
    if not chosen:
        raise CommandError("no method has a reference implementation")
    return catalog, chosen


def measure_all(catalog: Catalog, chosen: list[Optimizer]) -> list[dict[str, Any]]:
    """Measure each, with progress on standard error."""
    os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "ERROR")  # what the profiler says of itself reads like faults
    os.environ.setdefault("KINETO_LOG_LEVEL", "99")
    try:
        from tools.measure.engine import measure
    except ModuleNotFoundError as error:
        raise CommandError(f"{error.name} is not installed here: `make test-env` makes an environment with torch and the peers") from None
    results = []
    for number, o in enumerate(chosen, 1):
        print(f"atlas: {number}/{len(chosen)} {o.id}", file=sys.stderr, flush=True)
        try:
            results.append(measure(catalog, o))
        except Exception as error:
            raise CommandError(_where(error, catalog.root) + (str(error) or type(error).__name__)) from None
    return results


def _where(error: Exception, root: Path) -> str:
    """File and line of the rule in which an error arose, if it was in one."""
    folder = root / "reference_impls"
    frames = [f for f in traceback.extract_tb(error.__traceback__) if Path(f.filename).is_relative_to(folder)]
    rules = [f for f in frames if not Path(f.filename).name.startswith("_")] or frames[-1:]
    return f"{Path(rules[-1].filename).relative_to(root).as_posix()}:{rules[-1].lineno}: {type(error).__name__}: " if rules else ""


def table(results: list[dict[str, Any]]) -> str:
    """One line a comparison: method, with what, version, settings, largest difference, verdict."""
    rows = [("method", "compared with", "version", "settings", "difference", "verdict")]
    for r in results:
        own = r["equations"]
        rows.append((r["id"], "its equations", "", str(own["settings"]), _number(own["difference"]), own["verdict"]))
        rows += [("", p["object"], p["version"], str(p["settings"]), _number(p["difference"]), p["verdict"]) for p in r["peers"]]
        for x in r["reductions"]:
            word = {True: "becomes it", False: "does NOT become it", None: "not both implemented"}[x["holds"]]
            rows.append(("", f"{x['becomes']} (reduction)", "", str(x.get("settings", 0)), _number(x["difference"]), word))
        rows.append(("", "", "", "", "", f"=> {r['verdict']}"))
        rows += [("", "", "", "", "", f"!! {fault}") for fault in r["faults"]]
    widths = [max(len(row[i]) for row in rows) for i in range(5)]
    return "".join("  ".join([*(cell.ljust(w) for cell, w in zip(row, widths, strict=False)), row[5]]).rstrip() + "\n" for row in rows)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.1e}"
