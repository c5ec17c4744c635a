"""`atlas check [PATH...] [--format text|json|github]`: exit 0 without problems, 1 with, 2 for wrong usage."""

from __future__ import annotations

import argparse
import gc
import sys
from pathlib import Path

from tools.catalog.check import check
from tools.catalog.problems import FORMATS
from tools.cli import UsageError


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("paths", nargs="*", type=Path, metavar="PATH", help="report only on these files or folders (default: all)")
    parser.add_argument("--format", choices=FORMATS, default="text", help="text, json, or github (annotations)")


def run(options: argparse.Namespace) -> int:
    wanted = []
    for path in options.paths:
        whole = path.resolve()
        if not whole.exists():
            raise UsageError(f"no such file: {path}")
        if not whole.is_relative_to(options.root):
            raise UsageError(f"{path} lies outside of {options.root}")
        wanted.append(whole.relative_to(options.root))
    gc.disable()  # little of what a check makes is garbage before it ends
    catalog, problems = check(options.root)
    if wanted:
        problems = [p for p in problems if any(Path(p.path).is_relative_to(w) for w in wanted)]
    sys.stdout.write(FORMATS[options.format](problems))
    files = sum(map(len, catalog.stems.values()))
    if options.format == "text":
        what = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        print(f"{what} in {len(catalog.optimizers)} methods and {len(catalog.papers)} papers ({files} files)", file=sys.stderr)
    if not files:
        print("atlas check: nothing was checked: the catalog is empty", file=sys.stderr)
        return 1
    return 1 if problems else 0
