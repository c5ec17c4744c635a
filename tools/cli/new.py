"""`atlas new ID`: the files of a new method, with a placeholder wherever a fact is needed; `atlas check` points at each of them."""

from __future__ import annotations

import argparse
import difflib
import json
import re
import sys
import unicodedata
from pathlib import Path
from typing import Any

from tools.catalog.loader import Catalog
from tools.catalog.resolve import folded
from tools.catalog.rules.paper_keys import slugs
from tools.catalog.rules.schema_line import SCHEMAS
from tools.catalog.schema import Paper, Person
from tools.cli import CommandError, UsageError, _filters
from tools.cli._files import write_whole

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
MOST_BYTES = 200_000
SMALL_WORDS = frozenset(
    (
        *("a", "an", "and", "are", "as", "at", "by", "can", "do", "does", "for", "from", "how", "in", "into", "is", "it", "its"),
        *("of", "on", "or", "the", "to", "toward", "towards", "via", "what", "when", "with", "without"),
    )
)
METHOD = """\
{schema_line}
# TODO and null stand for facts that `atlas check` asks for. Lines that start with # are optional parts, with an example of their form.
id: {id}
name: {name}
aliases: []
kind: TODO  # optimizer, wrapper, schedule, compressor, privatizer or federated
summary: TODO  # one sentence in your own words, 20 to 240 characters
advantages: []
#  - {{text: "What it does better, and by how much.", source: "{key}, Section 4"}}
limitations: []
papers:
  introduced_in: {key}
order: TODO  # zeroth, first or second
families: []  # at least one word of catalog/taxonomy.yaml
scenarios: []
category: {{letter: TODO, assigned_by: atlas, reason: null}}  # a, b, c, d or outside, and why
hyperparameters:
  - {{name: lr, symbol: '\\eta', default: [TODO], range: "[0, inf)", meaning: "Learning rate.", source: null}}
#    default: a number without brackets, or null where everybody has to choose
state: []
#  - {{name: m, symbol: m, meaning: "Running mean of the gradients."}}
equations: []
#  - {{id: A1.m, step: gradient_estimate, where: "Algorithm 1", math: "m[t] = beta*m[t-1] + (1 - beta)*g[t]"}}
#  - {{id: A1.theta, step: update, where: "Algorithm 1", math: "theta[t] = theta[t-1] - lr*m[t]"}}
# weight_decay: {{kind: none}}
# builds_on:
#  - {{id: adam, change: "what changes, in one line"}}
# deviations:
#  - {{text: "What the entry leaves out or does in another way.", source: "{key}, Algorithm 1"}}
# disagreements:
#  - {{what: "Place of eps", paper: "outside the root", code: "under the root", source: "https://github.com/...", follows: paper}}
# code: "https://github.com/..."  # the official repository
# checked: {{on: 2026-01-31, url: "https://arxiv.org/abs/...", version: "arXiv v2"}}  # once you have read the entry beside the paper
# With a file in reference_impls (see CONTRIBUTING.md):
# implementation:
#   class: {cls}
#   peers:
#     - {{object: "optax:adam", arguments: {{learning_rate: lr}}}}
# invariances: [permutation, parameter_shift]
# reductions:
#  - {{becomes: adam, when: {{beta: 0.9}}}}
"""
PAPER = """\
{schema_line}
# The key is <family name of the first author>-<year>-<word of the title>; rename the file and the method's `introduced_in` with it.
key: {key}
title: null  # exactly as published
authors: []  # all, in order, as in [Diederik P. Kingma, Jimmy Ba]
year: TODO  # of the first public appearance
# month: 12
# venue: {{name: TODO, type: conference, short: "ICLR 2015", year: 2015}}  # only if it was published after peer review
arxiv: {{id: TODO}}  # in quotes, without version; leave the line out if there is none, and give `doi` or `url`
# verified: {{on: 2026-01-31, url: "https://...", evidence: primary}}  # once you have seen title and authors in a source
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", metavar="ID", help="lower-case letters, digits and hyphens, such as adamw; also the file's name")
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--bibtex", metavar="FILE", help="make the paper's file from this BibTeX entry (- reads standard input)")
    source.add_argument("--paper", metavar="KEY", help="the paper is in the catalog already, under this key")
    parser.add_argument("--name", help="the name as its authors write it (default: the id)")


def run(options: argparse.Namespace) -> int:
    if not SLUG.fullmatch(options.id) or len(options.id) > 60:
        raise UsageError(f"{options.id!r} is no id: lower-case ASCII letters and digits, joined by single hyphens, at most 60")
    name = " ".join(unicodedata.normalize("NFC", options.name or options.id).split())
    if not 1 <= len(name) <= 80 or not name.isprintable():
        raise UsageError("--name: a name has 1 to 80 characters that can be printed")
    catalog = _filters.load(options.root)
    refuse_known_method(catalog, options.id, name)
    folder = options.root / "catalog"
    texts: dict[Path, str] = {}
    if options.paper is not None:
        key = known_paper(catalog, options.paper)
    elif options.bibtex is not None:
        key, text = paper_from_bibtex(catalog, read_bibtex(options.bibtex), name)
        texts[folder / "papers" / f"{key}.yaml"] = text
    else:
        key = f"todo-{options.id}"[:60].rstrip("-")
        texts[folder / "papers" / f"{key}.yaml"] = PAPER.format(schema_line=schema_line("papers"), key=key)
    method = METHOD.format(
        schema_line=schema_line("optimizers"), id=options.id, name=quoted(name), key=key, cls=options.id.replace("-", "").capitalize()
    )
    texts[folder / "optimizers" / f"{options.id}.yaml"] = method
    for path in texts:
        if path.exists() or path.is_symlink():
            raise CommandError(f"{path.relative_to(options.root)} exists already; nothing was written")
        path.parent.mkdir(exist_ok=True)
    write_whole(texts)
    names = [path.relative_to(options.root).as_posix() for path in texts]
    print("\n".join(names))
    print(f"fill in what this names: atlas check {' '.join(names)}", file=sys.stderr)
    return 0


def schema_line(folder: str) -> str:
    return f"# yaml-language-server: $schema={SCHEMAS[folder]}"


def quoted(value: Any) -> str:
    """A value as YAML on one line; texts in double quotes, so that nothing is read as a number or a comment."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k}: {quoted(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(quoted, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def refuse_known_method(catalog: Catalog, id_: str, name: str) -> None:
    """Raises CommandError where the id or the name leads to a method already, or the file exists."""
    if id_ in catalog.stems["optimizers"]:
        raise CommandError(f"catalog/optimizers/{id_}.yaml exists already; nothing was written")
    for o in catalog.optimizers.values():
        known = {folded(text): text for text in (*o.aliases, o.name, o.id)}
        for given in (id_, name):
            if folded(given) in known:
                raise CommandError(
                    f"{given!r} is a name of {o.id} ({known[folded(given)]}) already; for another method of that name start with"
                    " a different id and name, then let both entries name each other in shares_name_with"
                )


def known_paper(catalog: Catalog, key: str) -> str:
    if key not in catalog.papers:
        near = difflib.get_close_matches(key, catalog.papers, n=1)
        raise CommandError(f"no paper {key!r} in the catalog" + (f"; did you mean {near[0]!r}?" if near else ""))
    return key


def read_bibtex(name: str) -> str:
    try:
        raw = sys.stdin.buffer.read(MOST_BYTES + 1) if name == "-" else read_head(Path(name))
    except OSError as error:
        raise CommandError(f"{name}: {(error.strerror or 'cannot be read').lower()}") from None
    if len(raw) > MOST_BYTES:
        raise CommandError(f"{name}: more than {MOST_BYTES} bytes; one BibTeX entry is needed")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise CommandError(f"{name}: not UTF-8") from None


def read_head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MOST_BYTES + 1)


def paper_from_bibtex(catalog: Catalog, text: str, name: str) -> tuple[str, str]:
    """Key and file of the paper that the BibTeX describes. Raises CommandError where it is broken or the paper is known."""
    from tools.cli._bibtex import BibtexError, read_paper

    try:
        reading = read_paper(text)
    except BibtexError as error:
        raise CommandError(f"{error}; nothing was written") from None
    facts = reading.facts
    refuse_known_paper(catalog, facts)
    key = citation_key(catalog, facts)
    if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", facts["title"]):
        facts["protect"] = [name]
    for line in reading.left_out:
        print(f"atlas new: {line}", file=sys.stderr)
    lines = [schema_line("papers"), f"key: {key}", *(f"{k}: {quoted(v)}" for k, v in facts.items())]
    lines.append('# verified: {on: 2026-01-31, url: "https://...", evidence: primary}  # once you have seen title and authors in a source')
    return key, "\n".join(lines) + "\n"


def refuse_known_paper(catalog: Catalog, facts: dict[str, Any]) -> None:
    for paper in catalog.papers.values():
        if what := same(paper, facts):
            methods = [o.id for o in catalog.optimizers.values() if paper.key in (o.papers.introduced_in, *o.papers.also)]
            by = f", cited by {', '.join(methods)}" if methods else ""
            raise CommandError(f"{paper.key} has this {what} already{by}; for another method of that paper use --paper {paper.key}")


def same(paper: Paper, facts: dict[str, Any]) -> str:
    """What the known paper shares with the facts of another, or ""."""
    if paper.arxiv and facts.get("arxiv", {}).get("id") == paper.arxiv.id:
        return f"arXiv id ({paper.arxiv.id})"
    if paper.doi and facts.get("doi", "").lower() == paper.doi.lower():
        return f"DOI ({paper.doi})"
    return "title" if letters(paper.title) == letters(facts["title"]) else ""


def letters(title: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKC", title).casefold() if c.isalnum())


def citation_key(catalog: Catalog, facts: dict[str, Any]) -> str:
    """Family name, year and the first word of the title that makes a new key. Raises CommandError where none does."""
    first = facts["authors"][0]
    families = slugs(first if isinstance(first, str) else Person.model_construct(None, **first))
    taken = {alias for p in catalog.papers.values() for alias in (p.key, *p.aliases)} | catalog.stems["papers"]
    plain = unicodedata.normalize("NFKD", facts["title"]).encode("ascii", "ignore").decode().lower()
    words = [w for w in re.findall(r"[a-z0-9]+", plain) if w not in SMALL_WORDS and len(w) > 1]
    for word in words if families else ():
        if (key := f"{families[0]}-{facts['year']}-{word}") not in taken and len(key) <= 60:
            return key
    raise CommandError("the first author and the title give no citation key in ASCII letters: start without --bibtex and choose one")
