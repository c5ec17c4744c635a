"""The build: check, write Markdown, let MkDocs render, harden the pages, and put the new site in place of the old in one move."""

from __future__ import annotations

import ctypes
import json
import logging
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tools.catalog.loader import FOLDERS, SINGLES, Catalog, json_schema
from tools.catalog.meanwhile import meanwhile
from tools.export import biblatex, bibtex, csl_json, methods_csv, methods_json, papers_of, ris
from tools.site import code
from tools.site.conformance_pages import conformance_json
from tools.site.context import Atlas
from tools.site.finish import finish
from tools.site.golden_pages import golden_files
from tools.site.ledger_pages import discrepancies_json
from tools.site.maths import Maths
from tools.site.pages import Export, pages, pages_of_numbers, script, search_records

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig

DIALECT = "https://json-schema.org/draft/2020-12/schema"
SCHEMAS = {re.sub("ie$", "y", folder.removesuffix("s")): model for folder, model in FOLDERS.items()} | SINGLES
INLINE_MATH = re.compile(r"(?<![\\$`])\$([^$\n`]+)\$(?!\$)")
EXPORTS = (
    Export("optimizers.bib", "BibTeX: plain ASCII, for every LaTeX and every style", "papers"),
    Export("optimizers-biblatex.bib", "biblatex with biber: UTF-8", "papers"),
    Export("optimizers.csl.json", "Zotero, pandoc, citeproc (CSL-JSON)", "papers"),
    Export("optimizers.ris", "EndNote, Mendeley, Zotero (RIS)", "papers"),
    Export("methods.csv", "spreadsheets and data frames", "methods"),
    Export("methods.json", "programs: every field of every record", "methods"),
    Export("conformance.json", "how far equations, code and libraries are apart", "methods"),
    Export("discrepancies.json", "the ledger of differences between implementations", "differences"),
)
DISPLAY_MATH = re.compile(r"\$\$(.+?)\$\$", re.S)
RELATIVE = re.compile(r"\]\((<?)(?![a-z]+:|#|<)(?:\./)?(?=[^)\s])")  # a link to a file of the repository
CONTRIBUTE = """---
title: Contribute
description: How to add a method, correct an entry or report an error.
hide:
  - navigation
---

"""
Say = Callable[[str], None]


class BuildError(Exception):
    """Why no site was built; the old one is as it was."""


def build(
    catalog: Catalog,
    site: Path,
    say: Say = lambda text: None,
    scratch: Path | None = None,
    confirm: Callable[[], None] = lambda: None,
) -> int:
    """Build the site of a catalog without problems into `site`. Gives the number of pages. Raises BuildError or MathError.

    `confirm` is called when all is made and before anything is put in place; what it raises ends the build.

    Everything is made beside `site`, which is put in place in one move: an interruption leaves the old site whole.
    The Markdown that was rendered stays in `scratch`/docs (default: build/docs).
    """
    root = catalog.root
    scratch = scratch or root / "build"
    for folder in (scratch, site.parent):
        folder.mkdir(parents=True, exist_ok=True)
        sweep(folder)
    docs = Path(tempfile.mkdtemp(prefix=f".atlas-{os.getpid()}-", dir=scratch))
    work = Path(tempfile.mkdtemp(prefix=f".atlas-{os.getpid()}-", dir=site.parent))
    try:
        settings = load_settings(root, docs, work)
        started = time.perf_counter()
        count = write_docs(catalog, docs, settings.extra["repository"])
        say(f"{count} pages written in {time.perf_counter() - started:.1f} s")
        started = time.perf_counter()
        render(settings, root / "build" / "cache" / "theme")
        say(f"rendered in {time.perf_counter() - started:.1f} s")
        started = time.perf_counter()
        finished = finish(work, settings)
        say(f"{finished} pages squeezed and given their security policy in {time.perf_counter() - started:.1f} s")
        confirm()
        docs.chmod(0o755)
        work.chmod(0o755)
        replace(docs, scratch / "docs")
        replace(work, site)
    finally:
        shutil.rmtree(docs, ignore_errors=True)
        shutil.rmtree(work, ignore_errors=True)
    return finished


def sweep(folder: Path) -> None:
    """Remove what builds left behind that were killed."""
    for left in folder.glob(".atlas-*"):
        process = left.name.split("-")[1]
        if process.isdigit() and not alive(int(process)):
            shutil.rmtree(left, ignore_errors=True)


def alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def write_docs(catalog: Catalog, docs: Path, repository: str) -> int:
    """Write everything that MkDocs needs below `docs`. Gives the number of pages."""
    cache = catalog.root / "build" / "cache"
    code.remember(cache / "code.json")
    wait_for_numbers = meanwhile(lambda: write_numbers(catalog, repository), nice=0)
    wait_for_files = meanwhile(lambda: write_files(catalog, docs, repository))
    maths = Maths(cache / "formulas.json")
    atlas = Atlas(catalog, maths, repository)
    written: dict[str, str] = {}
    for source in sorted((catalog.root / "docs").rglob("*.md")):
        written[source.relative_to(catalog.root / "docs").as_posix()] = hand_written(source.read_text("utf-8"), maths)
    for view in atlas.methods:
        view.ask_for_formulas()
    others = pages(atlas, EXPORTS)
    written |= [next(others)]  # the one page with formulas of its own
    maths.start()  # in another process, while the pages are written
    written |= others
    contributing = catalog.root / "CONTRIBUTING.md"
    if contributing.exists():
        written["contribute.md"] = CONTRIBUTE + RELATIVE.sub(rf"](\1{repository.rstrip('/')}/blob/main/", contributing.read_text("utf-8"))
    maths.finish()
    numbers, coloured = wait_for_numbers()
    written |= numbers
    code.learn(coloured)
    for path, text in written.items():
        save(docs / path, maths.fill(text))
    code.keep(cache / "code.json")
    wait_for_files()
    return len(written)


def write_numbers(catalog: Catalog, repository: str) -> tuple[dict[str, str], dict[str, str]]:
    """The pages on which no formula stands, and the code that was coloured for them."""
    atlas = Atlas(catalog, Maths(), repository)
    found = dict(pages_of_numbers(atlas))
    if atlas.maths.wanted:
        raise BuildError("a page that is made beside the formulas asks for one")
    return found, code.coloured()


def write_files(catalog: Catalog, docs: Path, repository: str) -> None:
    """Write what is no page: exports, schemas, assets, and the data that scripts read."""
    atlas = Atlas(catalog, Maths(), repository)
    exports = export_files(atlas)
    for name, text in exports.items():
        save(docs / "exports" / name, text)
    for name, text in single_methods(exports["methods.json"]):
        save(docs / "exports" / "methods" / f"{name}.json", text)
    for name, text in golden_files(atlas):
        save(docs / "exports" / "golden" / name, text)
    for id_, table in catalog.results.items():
        save(docs / "exports" / "results" / f"{id_}.csv", (catalog.root / table.path).read_bytes().decode("utf-8"))
    for name, text in schema_files().items():
        save(docs / "schema" / name, text)
    copy_assets(catalog.root, docs / "assets")
    save(docs / "assets" / "search.js", script("atlasSearch", search_records(atlas)))
    save(docs / "assets" / "citations.js", script("atlasCitations", citations(atlas)))


def export_files(atlas: Atlas) -> dict[str, str]:
    """The files of EXPORTS."""
    catalog = atlas.catalog
    papers = sorted(catalog.papers.values(), key=lambda p: p.key)
    status = {v.id: v.rung.word for v in atlas.methods}
    methods = [v.o for v in atlas.methods]
    return {
        "optimizers.bib": bibtex(papers),
        "optimizers-biblatex.bib": biblatex(papers),
        "optimizers.csl.json": csl_json(papers),
        "optimizers.ris": ris(papers),
        "methods.csv": methods_csv(methods, catalog.papers, status),
        "methods.json": methods_json(methods, catalog.papers, status),
        "conformance.json": conformance_json(atlas),
        "discrepancies.json": discrepancies_json(atlas),
    }


def single_methods(everything: str) -> Iterator[tuple[str, str]]:
    """(id, JSON of the method alone with its papers) for each method of the whole export."""
    data = json.loads(everything)
    for record in data["optimizers"]:
        keys = [record["papers"]["introduced_in"], *record["papers"]["also"]]
        papers = {key: data["papers"][key] for key in sorted(set(keys)) if key in data["papers"]}
        text = json.dumps({"optimizers": [record], "papers": papers}, ensure_ascii=False)
        yield record["id"], text.replace("<", "\\u003c") + "\n"


def citations(atlas: Atlas) -> dict[str, Any]:
    """What the explorer and the list of papers need: each method's keys, each paper's BibTeX."""
    methods = {v.id: [p.key for p in papers_of(atlas.catalog, [v.id])] for v in atlas.methods}
    return {"methods": methods, "papers": {k: atlas.bibtex(p) for k, p in sorted(atlas.catalog.papers.items())}}


def schema_files() -> dict[str, str]:
    """The JSON Schemas that editors use, by file name."""
    return {
        f"{name}.json": json.dumps({"$schema": DIALECT, **json_schema(model)}, indent=1, ensure_ascii=False) + "\n"
        for name, model in SCHEMAS.items()
    }


def write_schemas(root: Path) -> list[Path]:
    """Write the JSON Schemas to build/schema, where the first line of each entry points."""
    paths = []
    for name, text in schema_files().items():
        path = root / "build" / "schema" / name
        save(path, text)
        paths.append(path)
    return paths


def hand_written(text: str, maths: Maths) -> str:
    """A page of docs/ with its formulas between dollar signs marked for setting."""
    text = DISPLAY_MATH.sub(lambda f: f"<div class=\"formula\">{maths(' '.join(f[1].split()), True)}</div>", text)
    return INLINE_MATH.sub(lambda f: str(maths(f[1])), text)


def copy_assets(root: Path, out: Path) -> None:
    shutil.copytree(root / "docs" / "assets", out, dirs_exist_ok=True)
    for source, name in (
        (root / "node_modules/minisearch/dist/umd/index.js", "minisearch.js"),
        (root / "build/assets/math.woff2", "math.woff2"),
        (root / "node_modules/@fontsource/stix-two-math/LICENSE", "math-font-licence.txt"),
    ):
        if not source.exists():
            raise BuildError(f"{source.relative_to(root)} is missing: run `make site`, which makes it")
        shutil.copyfile(source, out / name)
    script_ = out / "minisearch.js"
    script_.write_text(re.sub(r"\n//# sourceMappingURL=.*", "", script_.read_text("utf-8")), "utf-8")


def load_settings(root: Path, docs: Path, site: Path) -> MkDocsConfig:
    """MkDocs' own reading of mkdocs.yml, with these folders. Raises BuildError."""
    os.environ["NO_MKDOCS_2_WARNING"] = "1"
    from mkdocs.config import load_config
    from mkdocs.exceptions import MkDocsException

    with _listening():
        try:
            return load_config(str(root / "mkdocs.yml"), docs_dir=str(docs), site_dir=str(site))
        except MkDocsException as error:
            raise BuildError(str(error)) from None


def render(settings: MkDocsConfig, cache: Path) -> None:
    """Let MkDocs render; its warnings end the build. The theme's templates are compiled once and kept in `cache`. Raises BuildError."""
    from jinja2 import FileSystemBytecodeCache
    from mkdocs.commands.build import build as mkdocs_build
    from mkdocs.exceptions import Abort, MkDocsException

    cache.mkdir(parents=True, exist_ok=True)
    env = settings.theme.get_env()
    env.bytecode_cache = FileSystemBytecodeCache(str(cache))
    vars(settings.theme)["get_env"] = lambda: env
    with _listening() as messages:
        try:
            mkdocs_build(settings)
        except Abort:
            raise BuildError("MkDocs found problems:\n" + "\n".join(messages)) from None
        except MkDocsException as error:
            raise BuildError(str(error)) from None


@contextmanager
def _listening() -> Iterator[list[str]]:
    """The warnings that MkDocs logs meanwhile, and nothing of them on the terminal."""
    heard = _Warnings()
    logger = logging.getLogger("mkdocs")
    before = logger.level
    logger.addHandler(heard)
    logger.setLevel(logging.WARNING)
    try:
        yield heard.messages
    finally:
        logger.removeHandler(heard)
        logger.setLevel(before)


class _Warnings(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


def save(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode("utf-8"))


def replace(new: Path, old: Path) -> None:
    """Put a folder in another's place, in one move where the system can do that; what was there is removed afterwards."""
    if not old.exists():
        new.rename(old)
    elif exchange(new, old):
        shutil.rmtree(new)
    else:
        aside = Path(tempfile.mkdtemp(prefix=f".atlas-{os.getpid()}-", dir=old.parent)) / old.name
        old.rename(aside)
        try:
            new.rename(old)
        except BaseException:
            aside.rename(old)
            raise
        finally:
            shutil.rmtree(aside.parent, ignore_errors=True)


def exchange(one: Path, other: Path) -> bool:
    """Swap two folders at once (Linux's renameat2). False where the system or its file system has no such call."""
    call = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None) if sys.platform == "linux" else None
    if call is None:
        return False
    here, swap = -100, 2  # AT_FDCWD, RENAME_EXCHANGE
    return bool(call(here, os.fsencode(one), here, os.fsencode(other), swap) == 0)


__all__ = ["BuildError", "build", "write_docs", "write_schemas"]
