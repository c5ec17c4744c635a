"""Where each method stands in the published tables: what its page says, made once for all methods."""

from __future__ import annotations

import statistics
from collections import Counter

from markupsafe import Markup, escape

from tools.results.grid import RANKED, Standing, all_standings
from tools.site.context import Atlas, one_line
from tools.site.result_pages import TableView
from tools.site.result_tables import Part, letters, number, plain, printed, spread, text, words

SHORT = 3  # so many lines stand open; more are folded away behind what they say together
WIDTH, HEIGHT, DOT = 100, 30, 5  # of the strip, and of one dot on it, in its own units


def published(atlas: Atlas, tables: list[TableView]) -> dict[str, Markup]:
    """The section "Published results" of every method that a table ranks."""
    homes = {(v.id, s.metric): part for v in tables if v.table.record.kind in RANKED for part in v.parts for s in part.series}
    spreads: dict[int, str] = {}
    result = {}
    for id_, found in all_standings(atlas.catalog).items():
        if id_ not in atlas.views:
            continue
        blocks: dict[tuple[int, str], list[Standing]] = {}
        for standing in found:
            part = homes[standing.table.id, standing.series.metric]
            blocks.setdefault((id(part), line_name(standing)), []).append(standing)
            if id(standing.series) not in spreads:
                spreads[id(standing.series)] = plain(spread(standing.series)) if standing.of else "–"
        name = letters(atlas.views[id_].name)
        html = [block(name, homes[b[0].table.id, b[0].series.metric], b, spreads) for b in blocks.values()]
        result[id_] = Markup("\n").join(html)
    return result


def line_name(standing: Standing) -> str:
    """The method's name as the table prints it."""
    return standing.cell.optimizer.printed if standing.cell.optimizer else ""


def block(name: str, part: Part, found: list[Standing], spreads: dict[int, str]) -> Markup:
    """One table (of one metric, where it has several): the places together, then each column."""
    record = part.table.record
    facts = [words(part.column.name)] if part.one_metric and len(record.by_role("value")) > 1 and record.by_role("model") else []
    if letters(line_name(found[0])) != name:
        facts.append(f"there called {one_line(line_name(found[0]))}")
    facts.append(record.measured_by.relation if record.measured_by.relation != "mixed" else "partly self-reported")
    unit = f", {part.unit}" if part.unit and part.unit != "1" else ""
    of = {f" of {s.of}" for s in found}
    same = of.pop() if len(of) == 1 else ""
    # end tags that HTML lets one leave out would be a third of these tables
    heads = "<th>".join(("Column", f"Result{text(unit)}", f"Place{same}", "From the best", "Spread"))
    lines = "".join(line(part, s, same, spreads) for s in found)
    table = f'<table class="places"><thead><tr><th>{heads}<tbody>{lines}</table>'
    if len(found) > SHORT:
        table = f"<details><summary>{strip(found)}{text(together(found))}</summary>{table}</details>"
    title = f'<a href="../results/{record.id}.html">{text(record.title)}</a> <span class="quiet">{text("; ".join(facts))}</span>'
    return Markup(f'<div class="standing"><p>{title}</p>{table}</div>')


def line(part: Part, standing: Standing, same: str, spreads: dict[int, str]) -> str:
    """One column: the result, its place among the numbers there (which `same` tells for all), its distance from the best, the spread."""
    label = part.label(standing.series)
    if part.unit is None and standing.series.unit != "1":
        label += f" ({standing.series.unit})"
    place, off = "none", "–"
    if standing.place is not None:
        place = f"{standing.place}{'=' if standing.tied > 1 else ''}"
        best = next(c for c, v in standing.series.numbers.items() if v == standing.best)
        off = plain(abs(number(standing.cell) - number(best)))
    cells = (printed(standing.cell), place if same else f"{place} of {standing.of}", off, spreads[id(standing.series)])
    return f"<tr><th>{text(label)}{''.join(f'<td>{escape(c)}' for c in cells)}"


def together(found: list[Standing]) -> str:
    """The places in one sentence, and what stands in the other columns."""
    places = [s.place for s in found if s.place is not None]
    said = [f"{count} {state}" for state, count in Counter(s.state for s in found if s.state).items()]
    if places:
        low, high = min(places), max(places)
        of = sorted({s.of for s in found if s.place is not None})
        span = f"{low} to {high}" if low != high else str(low)
        among = f"of {of[0]}" if len(of) == 1 else f"among {of[0]} to {of[-1]}"
        said.insert(0, f"place {span} {among}, median {statistics.median(places):g}")
    return f"{len(found)} columns: {'; '.join(said)}"


def strip(found: list[Standing]) -> Markup:
    """A drawing of the places: a dot a column, the first place at the left, equal ones on top of each other."""
    at = Counter(round((s.place - 1) / max(1, s.of - 1) * WIDTH / DOT) for s in found if s.place is not None)
    if not at:
        return Markup("")
    step = min(DOT, (HEIGHT - 7) / max(1, max(at.values()) - 1))
    dots = "".join(f"M{DOT * x + 4} {HEIGHT - 4 - step * i:g}h0" for x, count in sorted(at.items()) for i in range(count))
    return Markup(f'<svg class="strip" viewBox="0 0 {WIDTH + 8} {HEIGHT}" aria-hidden="true"><path d="{dots}"/></svg>')
