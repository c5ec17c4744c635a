"""The command `atlas`: one module a verb, imported only when it is asked for."""

from __future__ import annotations

import argparse
import gc
import io
import os
import sys
from importlib import import_module
from pathlib import Path

VERBS = {
    "check": "check every record and report all problems at once",
    "list": "list methods, with filters",
    "show": "show one method",
    "recommend": "learning rate and weight decay that others used, with sources",
    "new": "start the entry of a new method",
    "export": "write BibTeX, biblatex, CSL-JSON, RIS, CSV or JSON",
    "run": "run a method's equations on a small surface",
    "schema": "write the JSON Schemas for editors",
    "build": "build the static site",
    "serve": "build the site, serve it on localhost and rebuild on change",
    "verify": "run all tests of a method's claims, print a table and write what was seen",
    "measure": "write catalog/measurements: of methods, or of the ledger's examples",
    "bench": "compare speeds side by side",
}


class UsageError(Exception):
    """The command's words are off: one line, exit 2."""


class CommandError(Exception):
    """The command could not do its work: one line, exit 1."""


def main(argv: list[str] | None = None) -> int:
    gc.set_threshold(100_000)  # records are many small objects and hardly garbage
    parser = argparse.ArgumentParser(prog="atlas", description="Optimizer Atlas: check, browse, export and build the catalog.")
    parser.add_argument("--root", type=Path, default=None, help="the project's folder (default: the one that holds this catalog)")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    for name, summary in VERBS.items():
        verbs.add_parser(name, help=summary, add_help=False)
    chosen, rest = parser.parse_known_args(argv)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal that knows no Greek still gets its answer
    module = import_module(f"tools.cli.{chosen.verb}")
    own = argparse.ArgumentParser(prog=f"atlas {chosen.verb}", description=VERBS[chosen.verb][0].upper() + VERBS[chosen.verb][1:] + ".")
    module.arguments(own)
    options = own.parse_args(rest)
    options.root = find_root(chosen.root)
    try:
        code: int = module.run(options)
        sys.stdout.flush()
        return code
    except UsageError as error:
        print(f"atlas {chosen.verb}: {error}", file=sys.stderr)
        return 2
    except CommandError as error:
        print(f"atlas {chosen.verb}: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except KeyboardInterrupt:
        print(f"atlas {chosen.verb}: interrupted", file=sys.stderr)
        return 130
    except OSError as error:
        print(f"atlas {chosen.verb}: {error}", file=sys.stderr)
        return 1


def find_root(given: Path | None) -> Path:
    """The folder with `catalog/`: the given one, else the current or a parent folder, else the one of this code."""
    places = [given] if given else [Path.cwd(), *Path.cwd().parents, Path(__file__).resolve().parents[2]]
    for place in places:
        if (place / "catalog" / "optimizers").is_dir():
            return place.resolve()
    print(f"atlas: no catalog/optimizers in {places[0]}", file=sys.stderr)
    raise SystemExit(2)
