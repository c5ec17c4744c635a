"""The HTML of a table of published results: a heat map of methods by conditions, or a plain list where rows are no such thing."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from markupsafe import Markup, escape

from tools.catalog.glossary import Glossary, ModelEntry, OptimizerEntry
from tools.catalog.result_table import Cell, Named, ResultTable, Row
from tools.catalog.results import EXACTNESS, Column
from tools.results.grid import GridRow, Series, grid
from tools.results.numbers import mean, median
from tools.site.context import Atlas, one_line

SHADES = 10
ABSENT = "not in the table"  # what stands where the source has no such line at all
READ_OFF = "≈"  # before a number that was read off a figure


def text(value: object) -> Markup:
    """A text of a record, on one line and escaped."""
    return escape(one_line(str(value)))


def words(name: str) -> str:
    """A column's name as words."""
    return name.replace("_", " ")


def plain(value: Decimal) -> str:
    """A difference of printed numbers with all its decimals."""
    return f"{value:f}"


def number(cell: Cell) -> Decimal:
    return Decimal(cell.text)


def printed(cell: Cell) -> str:
    """The cell as its CSV has it: a number, several with commas between, or the word that stands in place of one."""
    if cell.state:
        return cell.state
    return (READ_OFF if cell.exactness == "digitised" else "") + cell.text.replace(" ", ", ")


def shades(series: Series) -> dict[Cell, int]:
    """9 for the best number, less with the distance from it, and 0 from twice the distance of the median on."""
    numbers, best = series.numbers, series.best
    if best is None:
        return {}
    far = 2 * abs(median(list(numbers.values())) - best) or series.spread or 1.0
    return {cell: round((SHADES - 1) * (1 - min(1.0, abs(value - best) / far))) for cell, value in numbers.items()}


@dataclass(frozen=True)
class Part:
    """The columns that belong together: of one metric, where a table has several of them for many models."""

    table: ResultTable
    rows: tuple[GridRow, ...]
    series: tuple[Series, ...]

    @cached_property
    def column(self) -> Column:
        return self.series[0].cells[0].column

    @cached_property
    def one_metric(self) -> bool:
        return len({s.metric for s in self.series}) == 1

    @cached_property
    def shared(self) -> set[str]:
        """The coordinates that are the same for all columns, so that they need not stand in each heading."""
        found: dict[str, set[str]] = {}
        for s in self.series:
            for name, value in coordinates(s):
                found.setdefault(name, set()).add(value)
        everywhere = [n for n, values in found.items() if len(values) == 1 and all(n in dict(coordinates(s)) for s in self.series)]
        return set(everywhere) if len(self.series) > 1 else set()

    @cached_property
    def unit(self) -> str | None:
        """The unit of all columns; None where they differ."""
        units = {s.unit for s in self.series if s.direction} or {s.unit for s in self.series}
        return units.pop() if len(units) == 1 else None

    def label(self, series: Series) -> str:
        """The heading of one column in words: model and conditions, or the name of the column."""
        parts = [value if name == "model" else f"{words(name)} {value}" for name, value in self.own(series)]
        return ", ".join(parts) or words(series.metric)

    def own(self, series: Series) -> list[tuple[str, str]]:
        """The coordinates that tell this column from the others; empty where its name has to do that."""
        return [(n, v) for n, v in coordinates(series) if n not in self.shared]

    @cached_property
    def mean_ranks(self) -> dict[str, float]:
        """Mean rank by printed name, where every method has a number in at least three comparable columns."""
        whole = all(c is not None and c.value is not None for row in self.rows for c in row.cells)
        directed = all(s.direction for s in self.series)
        if not (self.table.record.kind == "measurements" and whole and directed and self.one_metric and len(self.series) > 2):
            return {}
        got: dict[str, list[float]] = {}
        for s in self.series:
            for cell, rank in s.ranks().items():
                got.setdefault(name_of(cell.row).printed, []).append(rank)
        return {name: mean(ranks) for name, ranks in got.items()}


def coordinates(series: Series) -> list[tuple[str, str]]:
    return [*([("model", series.model.printed)] if series.model else []), *series.at]


def name_of(row: Row) -> Named:
    return row.optimizer or row.model or Named("", None)


def parts(table: ResultTable) -> list[Part]:
    """The tables of a page: one for each metric where models have a column of their own, else a single one."""
    record, whole = table.record, grid(table)
    if not record.by_role("model") or len(record.by_role("value")) == 1:
        return [Part(table, whole.rows, whole.series)]
    found = []
    for column in record.by_role("value"):
        at = [i for i, s in enumerate(whole.series) if s.metric == column.name]
        rows = tuple(GridRow(r.name, tuple(r.cells[i] for i in at)) for r in whole.rows)
        found.append(Part(table, rows, tuple(whole.series[i] for i in at)))
    return found


def is_grid(table: ResultTable) -> bool:
    """Whether methods stand in rows and at least half of the places beside them are cells of the table."""
    keys = [c.name for c in table.record.by_role("key")]
    methods = {row.optimizer.printed for row in table.rows if row.optimizer}
    conditions = {(row.model, *map(row.text, keys)) for row in table.rows}
    return bool(methods) and 2 * len(table.rows) >= len(methods) * len(conditions)


@dataclass(frozen=True)
class Notes:
    """The words beside the numbers, by where they belong: a method, a condition, one cell, or the CSV alone."""

    of_rows: tuple[str, ...]
    of_columns: tuple[str, ...]
    of_cells: tuple[Column, ...]
    rest: tuple[str, ...]

    def marks(self, table: ResultTable) -> dict[tuple[str, str], str]:
        """A letter for each word that a cell can carry, but for the most frequent one of its column."""
        letters = iter("abcdefghijklmnopqrstuvwxyz")
        result: dict[tuple[str, str], str] = {}
        for column in self.of_cells:
            counts = Counter(row.text(column.name) for row in table.rows)
            usual = counts.most_common(1)[0][0]
            result |= {(column.name, word): next(letters) for word in column.words or EXACTNESS if word in counts and word != usual}
        return result


def notes(table: ResultTable, found: Sequence[Part]) -> Notes:
    rows, columns, cells, rest = [], [], [], []
    for column in (*table.record.by_role("note"), *table.record.by_role("exactness")):
        if _constant(column.name, ([c.row for p in found for c in p.rows[i].cells if c] for i in range(len(found[0].rows)))):
            rows.append(column.name)
        elif _constant(column.name, ([c.row for c in s.cells] for p in found for s in p.series)):
            columns.append(column.name)
        elif column.words or column.role == "exactness":
            cells.append(column)
        else:
            rest.append(column.name)
    return Notes(tuple(rows), tuple(columns), tuple(cells), tuple(rest))


def _constant(name: str, groups: Iterable[Sequence[Row]]) -> bool:
    return all(len({row.text(name) for row in group}) == 1 for group in groups)


class Names:
    """What printed names mean, as links and short explanations."""

    def __init__(self, atlas: Atlas) -> None:
        self.views = atlas.views
        glossary: Glossary | None = atlas.catalog.glossary
        self.models: dict[str, ModelEntry] = {m.id: m for m in glossary.models} if glossary else {}
        self.others: dict[str, OptimizerEntry] = {o.id: o for o in glossary.optimizers} if glossary else {}
        self.known: dict[tuple[str, Named], Markup] = {}

    def optimizer(self, name: Named) -> Markup:
        """The printed name, linked to its method or to its explanation on the page."""
        return self.once("optimizer", name, self._optimizer)

    def model(self, name: Named) -> Markup:
        """The printed name, with what it means as its title."""
        return self.once("model", name, self._model)

    def once(self, role: str, name: Named, make: Callable[[Named], str]) -> Markup:
        if (role, name) not in self.known:
            self.known[role, name] = Markup(make(name))
        return self.known[role, name]

    def _optimizer(self, name: Named) -> str:
        view = self.views.get(name.id or "")
        shown = text(name.printed)
        link = f"../{view.url}" if view else f"#name-{name.id}" if name.id in self.others else None
        means = view.name if view and letters(view.name) != letters(name.printed) else None
        extra = text(", ".join(x for x in (means, name.variant) if x))
        return (f'<a href="{escape(link)}">{shown}</a>' if link else shown) + (f'<span class="means">{extra}</span>' if extra else "")

    def _model(self, name: Named) -> str:
        entry = self.models.get(name.id or "")
        meant = text(", ".join(x for x in (entry.name, name.variant) if x)) if entry else ""
        return f'<abbr title="{meant}">{text(name.printed)}</abbr>' if meant else text(name.printed)


def letters(name: str) -> str:
    return "".join(c for c in name.casefold() if c.isalnum())


def head(part: Part, series: Series, names: Names, of_columns: Sequence[str]) -> Markup:
    """The heading of one column: model, conditions, and the unit where columns differ in it."""
    own = part.own(series)
    lines = [names.model(series.model) for n, _ in own if n == "model" and series.model]
    lines += [text(f"{words(n)} {v}") for n, v in own if n != "model"]
    lines = lines or [text(words(series.metric))]
    lines += [text(series.cells[0].row.text(n)) for n in of_columns]
    if series.direction is None and any(s.direction for s in part.series):
        lines.append(text("setting"))
    elif part.unit is None and series.unit != "1":
        lines.append(text(series.unit))
    best = Markup(' data-best="{}"').format(series.direction) if series.direction else ""
    shown = [lines[0], *(Markup('<span class="at">{}</span>').format(x) for x in lines[1:])]
    return Markup('<th scope="col" data-column="{}"{}>{}</th>').format(series.metric, best, Markup(" ").join(shown))


def heat_map(part: Part, names: Names, found: Notes, *, first: bool) -> Markup:
    """Rows of methods; each number with its place in its column, and below all the best, the median and the spread.

    What is said of whole lines stands in the `first` table of a page alone.
    """
    marks, of_rows = (found.marks(part.table), found.of_rows) if first else ({}, ())
    shade = {cell: level for s in part.series for cell, level in shades(s).items()}
    place = {cell: at for s in part.series for cell, at in s.places().items()}
    shared = {s: Counter(s.places().values()) for s in part.series}
    heads = [head(part, s, names, found.of_columns) for s in part.series]
    extra = ["Mean rank"] * bool(part.mean_ranks)
    heads += [Markup('<th scope="col" data-best="lower">{}</th>').format(e) for e in extra]
    heads += [Markup('<th scope="col" class="word">{}</th>').format(words(n)) for n in of_rows]
    lines = []
    for row in part.rows:
        cells = []
        for s, cell in zip(part.series, row.cells, strict=True):
            if cell is None:
                cells.append(f'<td class="state">{ABSENT}</td>')
                continue
            mark = "".join(marks.get((c.name, cell.row.text(c.name)), "") for c in found.of_cells)
            sup = f"<b>{mark}</b> " if mark else ""
            if cell.state:
                cells.append(f'<td class="state">{escape(cell.state)}{f" <small>{sup}</small>" if sup else ""}</td>')
            elif cell in place:
                at = place[cell]
                tie = "=" if shared[s][at] > 1 else ""
                best = " best" if at == 1 else ""
                cells.append(f'<td class="heat-{shade[cell]}{best}">{escape(printed(cell))} <small>{sup}#{at}{tie}</small></td>')
            else:
                cells.append(f"<td>{escape(printed(cell))}{f' <small>{sup}</small>' if sup else ''}</td>")
        if extra:
            cells.append(f'<td class="rank">{part.mean_ranks[row.name.printed]:.2f}</td>')
        some = next(c.row for c in row.cells if c)
        cells += [f'<td class="word">{text(some.text(n))}</td>' for n in of_rows]
        lines.append(f'<tr><th scope="row">{names.optimizer(row.name)}</th>{"".join(cells)}</tr>')
    return _table(
        "heat sortable sticky",
        caption(part),
        Markup('<th scope="col">Optimizer</th>') + Markup("").join(heads),
        lines,
        foot(part, len(extra) + len(of_rows)),
    )


def caption(part: Part) -> str:
    return f"{one_line(part.table.record.title)}: {words(part.column.name) if part.one_metric else 'all columns'}"


def foot(part: Part, beside: int) -> str:
    """Best, median and spread of each column, or the lowest and the highest setting."""
    blank = f'<td colspan="{beside}"></td>' if beside else ""
    rows: list[tuple[str, Callable[[Series], Markup | str]]] = [("Best", _best), ("Median", _median), ("Spread", _spread)]
    if not any(s.direction for s in part.series):
        rows = [("Lowest", lambda s: _end(s, min)), ("Highest", lambda s: _end(s, max))]
    elif any(c is None or c.value is None for row in part.rows for c in row.cells):
        rows.append(("Numbers", lambda s: f"{len(s.numbers)} of {len(part.rows)}"))
    lines = [(title, "".join(f"<td>{show(s)}</td>" for s in part.series)) for title, show in rows]
    return "".join(f'<tr><th scope="row">{title}</th>{cells}{blank}</tr>' for title, cells in lines)


def _end(series: Series, which: Callable[..., Cell]) -> Markup:
    return escape(which(series.numbers, key=lambda c: series.numbers[c]).text) if series.numbers else escape("no number")


def _best(series: Series) -> Markup | str:
    if series.direction is None:
        return "–"
    if series.best is None:
        return "no number"
    holders = [c for c, v in series.numbers.items() if v == series.best]
    who = text(name_of(holders[0].row).printed) if len(holders) == 1 else Markup("{} methods").format(len(holders))
    return Markup("{} <small>{}</small>").format(printed(holders[0]), who)


def _median(series: Series) -> str:
    return plain(statistics.median(map(number, series.numbers))) if series.direction and series.numbers else "–"


def _spread(series: Series) -> str:
    return plain(spread(series)) if series.direction and series.numbers else "–"


def spread(series: Series) -> Decimal:
    """The greatest number minus the least, in the decimals that are printed."""
    numbers = [number(c) for c in series.numbers]
    return max(numbers) - min(numbers)


def listing(table: ResultTable, names: Names) -> Markup:
    """The lines of the CSV as they are: for settings of single runs, targets and search spaces."""
    record = table.record
    named = [*record.by_role("optimizer"), *record.by_role("model")]
    columns = [*named[:1], *(c for c in record.columns if c not in named[:1])]
    cells = {(id(c.row), c.column.name): c for c in table.cells}
    heads = []
    for c in columns:
        unit = Markup('<span class="at">{}</span>').format(one_line(c.unit)) if c.unit and c.unit != "1" else ""
        kind = Markup(' class="word"') if c.type == "text" else ""
        heads.append(Markup('<th scope="col" data-column="{}"{}>{} {}</th>').format(c.name, kind, words(c.name), unit))
    lines = []
    for row in table.rows:
        line = []
        for c in columns:
            cell = cells.get((id(row), c.name))
            if c.role == "optimizer" and row.optimizer:
                shown = names.optimizer(row.optimizer)
            elif c.role == "model" and row.model:
                shown = names.model(row.model)
            else:
                shown = escape(printed(cell)) if cell else text(row.text(c.name))
            kind = "state" if cell and cell.state else "word" if c.type == "text" else ""
            tag = 'th scope="row"' if c in named[:1] else f'td class="{kind}"' if kind else "td"
            line.append(f"<{tag}>{shown}</{tag[:2]}>")
        lines.append(f"<tr>{''.join(line)}</tr>")
    return _table("listing sortable sticky", one_line(record.title), Markup("").join(heads), lines, "")


def _table(kind: str, title: str, heads: Markup, lines: Sequence[str], foot: str) -> Markup:
    """A table in a region of its own, which scrolls where the table is too wide; all that is given is HTML but the title."""
    region, title = "scroll tall" if "listing" in kind else "scroll", escape(title)
    body = "\n".join(lines) + "\n</tbody>" + (f"<tfoot>{foot}</tfoot>" if foot else "")
    return Markup(
        f'<div class="{region}" data-label="{title}"><table class="{kind}">\n<caption class="hidden">{title}</caption>\n'
        f"<thead><tr>{heads}</tr></thead>\n<tbody>\n{body}</table></div>"
    )
