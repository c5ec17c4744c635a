"""A table as people read it: one method a row, one condition a column, with ranks, best and spread of each column."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property

from tools.catalog.loader import Catalog
from tools.catalog.result_table import Cell, Named, ResultTable
from tools.results.numbers import places, ranks

RANKED = ("measurements", "ranking")  # kinds of tables whose numbers are better or worse, where the others hold settings and targets


@dataclass(frozen=True)
class Series:
    """One column of a grid: the cells of one metric under one condition, with what compares them.

    `direction` is None where numbers are settings: then nothing is best.
    """

    label: str
    metric: str
    unit: str
    direction: str | None
    model: Named | None
    at: tuple[tuple[str, str], ...]
    cells: tuple[Cell, ...]

    @cached_property
    def numbers(self) -> dict[Cell, float]:
        return {c: c.value for c in self.cells if c.value is not None}

    @cached_property
    def best(self) -> float | None:
        values = list(self.numbers.values())
        return (max(values) if self.direction == "higher" else min(values)) if values and self.direction else None

    @property
    def worst(self) -> float | None:
        values = list(self.numbers.values())
        return (min(values) if self.direction == "higher" else max(values)) if values and self.direction else None

    @property
    def spread(self) -> float | None:
        values = list(self.numbers.values())
        return max(values) - min(values) if values else None

    def places(self) -> dict[Cell, int]:
        """Places with ties: equal numbers share the better place. Cells without a number have none."""
        numbers = self.numbers
        got = places(list(numbers.values()), higher=self.direction == "higher") if self.direction else []
        return dict(zip(numbers, got, strict=False))

    def ranks(self) -> dict[Cell, float]:
        """Ranks for averages: equal numbers share the mean of their ranks."""
        numbers = self.numbers
        got = ranks(list(numbers.values()), higher=self.direction == "higher") if self.direction else []
        return dict(zip(numbers, got, strict=False))


@dataclass(frozen=True)
class GridRow:
    """A method's line: `cells[i]` belongs to `series[i]` of the grid, None where the table has no such row at all."""

    name: Named
    cells: tuple[Cell | None, ...]


@dataclass(frozen=True)
class Grid:
    table: ResultTable
    rows: tuple[GridRow, ...]
    series: tuple[Series, ...]

    def values(self, column: int) -> list[float]:
        return list(self.series[column].numbers.values())


def grid(table: ResultTable) -> Grid:
    """The table's cells, row by method and column by condition, both in the order of the CSV."""
    groups: dict[tuple[object, ...], list[Cell]] = {}
    names: dict[tuple[str, str | None], Named] = {}
    for cell in table.cells:
        model = (cell.model.id or cell.model.printed, cell.model.variant) if cell.model else None
        groups.setdefault((cell.column.name, model, cell.keys), []).append(cell)
        name = cell.optimizer or Named(cell.model.printed if cell.model else "", None)
        names.setdefault((name.printed, name.variant), name)
    order = {c.name: i for i, c in enumerate(table.record.columns)}
    columns = (
        sorted(groups.items(), key=lambda item: order[item[1][0].column.name]) if len(table.record.by_role("value")) > 1 else groups.items()
    )
    series = tuple(_series(cells, table) for _, cells in columns)
    at = [{(c.optimizer or Named(c.model.printed if c.model else "", None)).printed: c for c in s.cells} for s in series]
    rows = tuple(GridRow(name, tuple(cells.get(name.printed) for cells in at)) for name in names.values())
    return Grid(table, rows, series)


def _series(cells: list[Cell], table: ResultTable) -> Series:
    first = cells[0]
    metric = first.column.name
    parts = [first.model.printed] if first.model else []
    parts += [f"{name.replace('_', ' ')} {value}" for name, value in first.keys]
    if len(table.record.by_role("value")) > 1 and (not first.column.at or first.column.hyperparameter):
        parts.append(metric.replace("_", " "))
    direction = first.column.direction if first.column.direction in ("higher", "lower") else None
    return Series(", ".join(parts) or metric, metric, first.unit, direction, first.model, first.keys, tuple(cells))


@dataclass(frozen=True)
class Standing:
    """Where a method stands in one column of one table, with the field around it.

    `place` is None where the cell holds a word in place of a number; `state` then says which.
    """

    table: ResultTable
    series: Series
    cell: Cell
    place: int | None
    of: int
    tied: int
    best: float | None
    distance: float | None
    spread: float | None

    @property
    def state(self) -> str | None:
        return self.cell.state


def standings(catalog: Catalog, method: str) -> list[Standing]:
    """Every measured cell of a method, in the order of the tables; an empty list where no table has it."""
    return all_standings(catalog).get(method, [])


def all_standings(catalog: Catalog) -> dict[str, list[Standing]]:
    """The standings of every id that a table names, from one reading of the tables."""
    found: dict[str, list[Standing]] = {}
    for table in catalog.results.values():
        if table.record.kind not in RANKED:
            continue
        for series in grid(table).series:
            if series.direction is None:
                continue
            places, best, spread, numbers = series.places(), series.best, series.spread, series.numbers
            shared = Counter(numbers.values())
            for cell in series.cells:
                if cell.optimizer and cell.optimizer.id:
                    own = numbers.get(cell)
                    tied = shared[own] if own is not None else 0
                    distance = abs(own - best) if own is not None and best is not None else None
                    standing = Standing(table, series, cell, places.get(cell), len(numbers), tied, best, distance, spread)
                    found.setdefault(cell.optimizer.id, []).append(standing)
    return found


def mean_ranks(table: ResultTable, metric: str | None = None) -> dict[str, float]:
    """The mean rank of each printed name over the columns of a metric in which it has a number; 1 is best."""
    got: dict[str, list[float]] = {}
    for series in grid(table).series:
        if series.direction and metric in (None, series.metric):
            for cell, rank in series.ranks().items():
                got.setdefault(cell.optimizer.printed if cell.optimizer else "", []).append(rank)
    return dict(sorted(((name, sum(r) / len(r)) for name, r in got.items()), key=lambda item: item[1]))
