"""The first line names the JSON Schema, so that editors complete and check while one types."""

from __future__ import annotations

from collections.abc import Iterator

from tools.catalog.loader import Catalog
from tools.catalog.problems import Problem

CODES = {"schema-line": "the first line is not the editor's schema comment"}
SCHEMAS = {
    "optimizers": "../../build/schema/optimizer.json",
    "papers": "../../build/schema/paper.json",
    "taxonomy": "../build/schema/taxonomy.json",
    "errata": "../build/schema/errata.json",
    "results": "../../build/schema/result.json",
    "discrepancies": "../../build/schema/discrepancy.json",
    "glossary": "../build/schema/glossary.json",
    "claims": "../build/schema/claims.json",
    "folklore": "../build/schema/folklore.json",
}


def check(catalog: Catalog) -> Iterator[Problem]:
    for kind, source in catalog.documents():
        if kind not in SCHEMAS:
            continue
        wanted = f"# yaml-language-server: $schema={SCHEMAS[kind]}"
        first = source.text.partition("\n")[0].rstrip("\r")
        if first != wanted:
            yield Problem(source.path, 1, 1, "schema-line", "file", f"{first[:60]!r}", "the first line is the schema comment", wanted)
