"""`atlas recommend NAME [--model FAMILY] [--format text|json]`: learning rate and weight decay that others used, with sources.

Exit 0 also where no table has a setting; 2 for a family or model that the glossary does not know.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from tools.catalog.loader import Catalog
from tools.catalog.schema import Optimizer
from tools.cli import UsageError, _filters
from tools.cli.list import terminal_width
from tools.cli.show import wrapped
from tools.results.numbers import plain

if TYPE_CHECKING:
    from tools.results.recommend import Recommendation, Setting


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="id, name or alias, in any case")
    parser.add_argument(
        "--model", metavar="FAMILY", help="a family (cnn, vit, mlp, metaformer, llm ...) or one model's name (default: all)"
    )
    parser.add_argument("--format", choices=("text", "json"), default="text", help="json: every single value with file, line and paper")


def run(options: argparse.Namespace) -> int:
    from tools.results.recommend import UnknownFamily, recommend

    catalog = _filters.load(options.root)
    method = _filters.find(catalog, options.name)
    try:
        found = recommend(catalog, method.id, options.model)
    except UnknownFamily as error:
        raise UsageError(f"--model: {error}") from None
    if options.format == "json":
        print(json.dumps(as_data(method, options.model, found), ensure_ascii=False, indent=2))
    else:
        sys.stdout.write(as_text(catalog, method, options.model, found, min(terminal_width() or 100, 120)))
    return 0


def as_data(method: Optimizer, model: str | None, found: list[Recommendation]) -> dict[str, Any]:
    return {"method": method.id, "name": method.name, "model": model, "recommendations": [asdict(r) for r in found]}


def as_text(catalog: Catalog, method: Optimizer, model: str | None, found: list[Recommendation], width: int) -> str:
    if not found:
        return f"{method.name}: no published setting here{f' for {model}' if model else ''} yet\n"
    rows = [f"{method.name}: settings that others used. They are starting points: each belongs to its model, data and recipe."]
    lines = wrapped(rows[0], width, "")
    for entry in found:
        lines += ["", title(catalog, entry.family)]
        for setting in entry.settings.values():
            for row in setting_rows(setting):
                lines += wrapped(row.strip(), width, "    " if row.startswith(" ") else "  ")
    return "\n".join(lines) + "\n"


def title(catalog: Catalog, scope: str) -> str:
    """A family's or a model's name with its id."""
    glossary = catalog.glossary
    names = {m.id: m.name for m in glossary.models} | {f.id: f.name for f in glossary.families} if glossary else {}
    return f"{names.get(scope, scope)} ({scope})"


def setting_rows(setting: Setting) -> list[str]:
    from tools.results.recommend import FACTOR

    span = f", from {plain(setting.low)} to {plain(setting.high)}" if setting.low != setting.high else ""
    rows = [f"{setting.hyperparameter} = {plain(setting.typical)}{span} ({', '.join(setting.models)})"]
    for source in setting.sources:
        span = f", from {plain(source.low)} to {plain(source.high)}" if source.low != source.high else ""
        count = "1 value" if source.count == 1 else f"{source.count} values"
        rows.append(f" {plain(source.typical)}{span}: {count} in {source.table}" + (f" [{source.paper}]" if source.paper else ""))
    if setting.disagree and setting.factor:
        rows.append(f" The sources disagree by a factor of {setting.factor:.3g}, more than {FACTOR:g}: search before you trust one.")
    elif setting.disagree:
        rows.append(" The sources disagree on whether it is 0: search before you trust one.")
    for searched in setting.searched:
        which = f" ({searched.variant})" if searched.variant else ""
        paper = f" [{searched.paper}]" if searched.paper else ""
        rows.append(f" searched from {plain(searched.low)} to {plain(searched.high)}{which} in {searched.table}{paper}")
    return rows
