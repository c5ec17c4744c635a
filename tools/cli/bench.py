"""`atlas bench site`: what checking and building cost; `atlas bench speed`: how fast steps are. Side by side, beside the goals."""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Container
from pathlib import Path

from tools.cli import CommandError
from tools.cli._files import deliver
from tools.cli._synthetic import synthetic

FIRST, SMALL, LARGE = 52, 200, 2000


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=("site", "speed"), help="site: check and build; speed: steps of ours and of the peers, by torch")
    parser.add_argument("--rounds", type=int, default=3, help="how often each side of a comparison runs, at least (default 3)")
    parser.add_argument("--small", action="store_true", help="site: leave out the synthetic catalogs")
    parser.add_argument("--methods", nargs="+", metavar="ID", default=[], help="speed: only these")
    parser.add_argument("--set", choices=("transformer", "small"), help="speed: only this set of tensors")
    parser.add_argument("--part", choices=("compiled", "eager", "fused", "sweep", "import"), help="speed: only this comparison")
    parser.add_argument("--json", type=Path, metavar="FILE", help="speed: write the numbers there, too")


def run(options: argparse.Namespace) -> int:
    if options.what == "speed":
        return speed(options)
    with tempfile.TemporaryDirectory(prefix="atlas-bench-") as scratch:
        lines = [*real(options.root, Path(scratch), options.rounds)]
        if not options.small:
            lines += grown(options.root, Path(scratch), max(1, options.rounds - 1))
    print(f"{'what':58}{'measured':>12}{'budget':>12}")
    for what, measured, budget, within in lines:
        print(f"{what:58}{measured:>12}{budget:>12}{'' if within else '  OVER'}")
    return 0 if all(line[3] for line in lines) else 1


Line = tuple[str, str, str, bool]


def speed(options: argparse.Namespace) -> int:
    """Print each comparison as it is measured. The code is 1 where a goal is missed."""
    try:
        from tools.measure.speed import PARTS, SETS, compared
    except ImportError as error:
        raise CommandError(f"{error}: speed is measured with torch and the peers, as in the environment of `make test`") from error
    from tools.catalog.loader import load_catalog

    catalog, _ = load_catalog(options.root)
    if unknown := sorted(set(options.methods) - catalog.optimizers.keys()):
        raise CommandError(f"no method {', '.join(unknown)}")
    rows = []
    print(f"{'what':58}{'ratio':>8}  {'goal':10} milliseconds", flush=True)
    parts, sets = [options.part] if options.part else PARTS, [options.set] if options.set else list(SETS)
    for row in compared(catalog, parts, sets, options.methods, options.rounds):
        sides = ", ".join(f"{name} {ms:.2f}" for name, ms in row.sides.items())
        print(f"{row.what:58}{row.ratio:8.2f}  {row.goal:10} {sides}{'  MISSED' if row.met is False else ''}", flush=True)
        rows.append(vars(row))
    if not rows:
        raise CommandError("nothing to compare")
    if options.json:
        deliver(json.dumps({"rounds": options.rounds, "rows": rows}, indent=1) + "\n", options.json)
    return 0 if all(row["met"] is not False for row in rows) else 1


def real(root: Path, scratch: Path, rounds: int) -> list[Line]:
    """The catalog as it is: a cold check, and the build beside bare mkdocs-material on the same pages, in turns."""
    check = {"all": root, "some": share(root, scratch / "share")}
    sides: dict[str, Callable[[], float]] = {
        name: lambda place=place: timed([sys.executable, "-m", "tools", "--root", str(place), "check"], root, {0, 1})  # type: ignore[misc]
        for name, place in check.items()
    }
    every, some = in_turns(sides, rounds + 2)
    timed([sys.executable, "-m", "tools", "--root", str(root), "build", "-o", str(scratch / "site")], root)  # what bare MkDocs gets is new
    bare = bare_project(root, scratch / "bare")
    sides = {
        "ours": lambda: timed([sys.executable, "-m", "tools", "--root", str(root), "build", "-o", str(scratch / "site")], root),
        "bare": lambda: timed([sys.executable, "-m", "mkdocs", "build", "-q", "-f", str(bare), "-d", str(scratch / "bare-site")], root),
    }
    ours, other = in_turns(sides, rounds)
    ratio = ours / other
    return [
        (f"atlas check of {FIRST} methods, their code and measurements, cold", f"{some:.2f} s", "1.50 s", some <= 1.5),
        ("atlas check of everything, cold", f"{every:.2f} s", "", True),
        ("atlas build (with its check)", f"{ours:.2f} s", "", True),
        ("bare mkdocs-material on the same pages", f"{other:.2f} s", "", True),
        ("ratio", f"{ratio:.2f}", "1.30", ratio <= 1.3),
    ]


def share(root: Path, place: Path) -> Path:
    """A catalog of some methods; that the others are missing is reported, which costs a little more."""
    without = shutil.ignore_patterns("__pycache__", "discrepancies", "results", "golden", "ledger")
    for part in ("catalog", "reference_impls", "tests/second"):
        shutil.copytree(root / part, place / part, ignore=without)
    for name in ("claims", "folklore", "glossary"):  # which speak of tables
        (place / "catalog" / f"{name}.yaml").unlink(missing_ok=True)
    for more in sorted((place / "catalog" / "optimizers").glob("*.yaml"))[FIRST:]:
        more.unlink()
        (place / "catalog" / "measurements" / f"{more.stem}.json").unlink(missing_ok=True)
    return place


def grown(root: Path, scratch: Path, rounds: int) -> list[Line]:
    """Synthetic catalogs of two sizes, checked and built in turns: the time an entry must not grow with their number."""
    roots = {size: scratch / f"catalog-{size}" for size in (SMALL, LARGE)}
    for size, place in roots.items():
        synthetic(root, place, size)

    def job(verb: str, size: int) -> Callable[[], float]:
        more = ["-o", str(scratch / f"site-{size}")] if verb == "build" else []
        return lambda: timed([sys.executable, "-m", "tools", "--root", str(roots[size]), verb, *more], root)

    checks = in_turns({str(size): job("check", size) for size in roots}, rounds)
    builds = in_turns({str(size): job("build", size) for size in roots}, rounds)
    each = [seconds / size for seconds, size in zip(builds, roots, strict=True)]
    growth = each[1] / each[0]
    return [
        *((f"atlas check of {size} entries", f"{s:.2f} s", "10.00 s", s <= 10) for s, size in zip(checks, roots, strict=True)),
        *((f"atlas build of {size} entries, an entry", f"{1000 * s:.1f} ms", "", True) for s, size in zip(each, roots, strict=True)),
        (f"time an entry, {LARGE} against {SMALL}", f"{growth:.2f}", "1.20", growth <= 1.2),
    ]


def bare_project(root: Path, place: Path) -> Path:
    """mkdocs-material with nothing of ours, on the Markdown that the last build wrote."""
    docs = root / "build" / "docs"
    if not docs.is_dir():
        raise CommandError("build/docs is missing: run `make site` first")
    shutil.copytree(docs, place / "docs")
    (place / "mkdocs.yml").write_text(
        "site_name: Bare\ndocs_dir: docs\nuse_directory_urls: false\ntheme: {name: material, font: false}\nplugins: []\n"
        "markdown_extensions: [attr_list, toc, pymdownx.highlight, pymdownx.superfences]\nnav: [index.md]\n",
        "utf-8",
    )
    return place / "mkdocs.yml"


def in_turns(sides: dict[str, Callable[[], float]], rounds: int) -> list[float]:
    """The median of each side, all run once a round, so that a slow moment of the machine hits all alike."""
    seen: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(rounds):
        for name, side in sides.items():
            seen[name].append(side())
    return [statistics.median(times) for times in seen.values()]


def timed(command: list[str], cwd: Path, allowed: Container[int] = (0,)) -> float:
    """Seconds of a command that must succeed, or end with one of the allowed codes."""
    print("atlas bench: " + " ".join(command[1:6]) + " ...", file=sys.stderr, flush=True)
    started = time.perf_counter()
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - started
    if done.returncode not in allowed:
        raise CommandError(f"{' '.join(command)} failed:\n{(done.stdout + done.stderr)[-1500:]}")
    return seconds
