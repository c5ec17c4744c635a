"""`atlas measure [ID...]` writes catalog/measurements/, as `atlas verify` does.

`atlas measure --ledger [ID...]` runs the examples of the ledger and writes to catalog/measurements/ledger/.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from tools.catalog.discrepancies import contradiction, measured_path
from tools.catalog.loader import load_catalog
from tools.cli import CommandError, verify


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("ids", nargs="*", metavar="ID", help="methods (default: all that have a reference implementation)")
    parser.add_argument("--ledger", action="store_true", help="run examples of the ledger; IDs are then those of its records")


def run(options: argparse.Namespace) -> int:
    if options.ledger:
        return run_ledger(options.root, options.ids)
    return verify.run(argparse.Namespace(root=options.root, ids=options.ids, format="text", dry_run=False))


def run_ledger(root: Path, ids: list[str]) -> int:
    """Run the examples, write each effect, and print a line for each; 1 where an example fails or contradicts its record."""
    try:
        from tools.measure.ledger import ExampleError, measure_example
    except ModuleNotFoundError as error:
        raise CommandError(f"{error.name} is not installed here: `make test-env` makes an environment with torch and the peers") from None
    runnable = {i: d for i, d in load_catalog(root)[0].discrepancies.items() if d.reproduction.package is not None}
    if unknown := [i for i in ids if i not in runnable]:
        raise CommandError(f"the ledger has no readable record {unknown[0]!r} with an example")
    if not runnable:
        raise CommandError("the ledger has no record with an example")
    failed = False
    for id_ in ids or sorted(runnable):
        record = runnable[id_]
        try:
            seen = measure_example(root, record)
        except ExampleError as error:
            print(f"{id_}: FAILED: {error}")
            failed = True
            continue
        verify.write(measured_path(root, id_), seen)
        fault = contradiction(record, seen["effect"])
        failed |= fault is not None
        print(f"{id_}: {seen['package']} {seen['version']}: effect {seen['effect']:.3g}: {fault or record.reproduction.status}", flush=True)
    return 1 if failed else 0
