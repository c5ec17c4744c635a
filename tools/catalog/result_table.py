"""A table of results as rows and cells: the CSV read with the columns of its YAML and the names of the glossary."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tools.catalog.csv_reader import CsvFault, Field, read_csv
from tools.catalog.glossary import Glossary, PrintedOptimizer
from tools.catalog.results import EXACTNESS, Column, Exactness, ResultRecord, State

Names = dict[str, dict[str, "Named"]]
Roles = dict[str, tuple[Column, ...]]
NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?(e-?[1-9]\d*)?")


@dataclass(frozen=True)
class Named:
    """A printed name and what it means: the id is None where the glossary does not know it."""

    printed: str
    id: str | None
    variant: str | None = None


@dataclass(frozen=True, eq=False)
class Row:
    line: int
    fields: dict[str, Field]
    optimizer: Named | None
    model: Named | None

    def text(self, column: str) -> str:
        return self.fields[column].text


@dataclass(frozen=True, eq=False)
class Cell:
    """One number with everything that tells what it is. `value` is None where `state` says why there is none."""

    row: Row
    column: Column
    field: Field
    model: Named | None
    keys: tuple[tuple[str, str], ...]
    values: tuple[float, ...]
    state: State | None
    exactness: Exactness
    unit: str

    @property
    def value(self) -> float | None:
        return self.values[0] if self.values else None

    @property
    def text(self) -> str:
        return self.field.text

    @property
    def optimizer(self) -> Named | None:
        return self.row.optimizer

    @property
    def key(self) -> tuple[str | None, ...]:
        """What no two cells of a table have in common: method, model, coordinates and column."""
        names = [x for n in (self.optimizer, self.model) for x in ((n.id or n.printed, n.variant) if n else (None, None))]
        return (*names, *(v for _, v in self.keys), self.column.name)


@dataclass(frozen=True, eq=False)
class ResultTable:
    """The record with its rows and cells. `faults` holds what is wrong with the CSV; the rules report it."""

    record: ResultRecord
    path: str
    rows: tuple[Row, ...] = ()
    cells: tuple[Cell, ...] = ()
    faults: tuple[CsvFault, ...] = ()

    @property
    def id(self) -> str:
        return self.record.id

    def column(self, name: str) -> tuple[Cell, ...]:
        return tuple(c for c in self.cells if c.column.name == name)


def comparable(first: ResultTable, second: ResultTable) -> bool:
    """Whether numbers of the two tables may stand side by side."""
    return first.record.group == second.record.group


def read_table(path: Path, root: Path, record: ResultRecord, glossary: Glossary | None) -> ResultTable:
    """The table of `record`; a CSV that is missing or unreadable gives one without rows."""
    name = path.relative_to(root).as_posix()
    try:
        raw = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
    except OSError as error:
        return ResultTable(record, name, faults=(CsvFault(1, 1, "csv-text", error.strerror or "an error", "the file must be readable"),))
    if not raw:
        return ResultTable(record, name)
    lines, faults = read_csv(raw)
    if not lines:
        return ResultTable(record, name, faults=tuple(faults))
    faults += _heading(lines[0], record)
    if any(f.code == "csv-column" for f in faults):
        return ResultTable(record, name, faults=tuple(faults))
    heading = [f.text for f in lines[0]]
    known = {role: names(role, record.id, glossary) for role in ("optimizer", "model")}
    roles = {role: record.by_role(role) for role in ("optimizer", "model", "key", "exactness", "value")}
    rows: list[Row] = []
    for fields in lines[1:]:
        if len(fields) != len(heading):
            found = f"{len(fields)} cells" if len(fields) > 1 else "1 cell"
            faults.append(CsvFault(fields[0].line, 1, "ragged-row", found, f"the heading has {len(heading)} columns"))
            continue
        rows.append(_row(dict(zip(heading, fields, strict=True)), roles, known))
    cells = [cell for row in rows for cell in _cells(row, record, roles, known)]
    for row in rows:
        faults += _texts(row, record)
    for cell in cells:
        if not cell.values and cell.state is None:
            faults.append(_no_number(cell))
    return ResultTable(record, name, tuple(rows), tuple(cells), tuple(faults))


def _heading(fields: list[Field], record: ResultRecord) -> Iterator[CsvFault]:
    wanted = [c.name for c in record.columns]
    for i, field in enumerate(fields):
        if field.text not in wanted:
            allowed = "the columns are " + ", ".join(wanted)
            yield CsvFault(1, field.col, "csv-column", f"the column {field.text!r}", allowed, wanted[min(i, len(wanted) - 1)])
        elif field.text in [f.text for f in fields[:i]]:
            yield CsvFault(1, field.col, "csv-column", f"the column {field.text!r} a second time", "each column once")
    have = [f.text for f in fields]
    if missing := [n for n in wanted if n not in have]:
        yield CsvFault(1, 1, "csv-column", f"no column {missing[0]!r}", "the columns are " + ", ".join(wanted), ",".join(wanted))
    elif have != wanted and len(have) == len(wanted):
        yield CsvFault(1, 1, "csv-column", "columns in another order", "the order is that of the YAML", ",".join(wanted))


def names(role: str, table: str, glossary: Glossary | None) -> dict[str, Named]:
    """What printed names mean in this table: a line for the table goes before one for all."""
    known: tuple[PrintedOptimizer, ...] = ()
    if glossary is not None:
        known = glossary.optimizer_names if role == "optimizer" else glossary.model_names
    found: dict[str, Named] = {}
    for n in sorted(known, key=lambda n: not n.tables):
        if not n.tables or table in n.tables:
            found.setdefault(n.printed, Named(n.printed, n.id, n.variant))
    return found


def _row(fields: dict[str, Field], roles: Roles, known: Names) -> Row:
    found: dict[str, Named | None] = {}
    for role in ("optimizer", "model"):
        column = roles[role]
        found[role] = _named(fields[column[0].name].text, known[role]) if column else None
    return Row(next(iter(fields.values())).line, fields, found["optimizer"], found["model"])


def _named(printed: str, known: dict[str, Named]) -> Named:
    return known.get(printed) or Named(printed, None)


def _cells(row: Row, record: ResultRecord, roles: Roles, known: Names) -> Iterator[Cell]:
    keys = tuple((c.name, row.text(c.name)) for c in roles["key"])
    how = roles["exactness"]
    typed = row.text(how[0].name) if how else None
    own = next((e for e in EXACTNESS if e == typed), None)
    for column in roles["value"]:
        field = row.fields[column.name]
        state = next((s for s in column.states if s == field.text), None)
        parts = field.text.split(" ") if column.type == "numbers" else [field.text]
        numbers = state is None and all(NUMBER.fullmatch(p) for p in parts)
        yield Cell(
            row,
            column,
            field,
            _named(column.model, known["model"]) if column.model else row.model,
            (*keys, *column.at.items()),
            tuple(map(float, parts)) if numbers else (),
            state,
            own or column.exactness or record.exactness,
            column.unit or (row.text(column.unit_from) if column.unit_from in row.fields else ""),
        )


def _texts(row: Row, record: ResultRecord) -> Iterator[CsvFault]:
    for column in record.columns:
        field = row.fields[column.name]
        words = tuple(EXACTNESS) if column.role == "exactness" else column.words
        if words and field.text not in words and field.text not in column.states:
            allowed = "allowed are " + ", ".join((*words, *column.states))
            yield CsvFault(field.line, field.col, "cell-word", f"{field.text[:60]!r} in the column {column.name}", allowed, words[0])


def _no_number(cell: Cell) -> CsvFault:
    states = " or ".join(("a number", *map(repr, cell.column.states)))
    example = "5e-4" if "e" in cell.text and NUMBER.fullmatch(cell.text) else "75.2"
    return CsvFault(
        cell.field.line,
        cell.field.col,
        "cell-number",
        f"{cell.text[:60]!r} in the column {cell.column.name}",
        f"a cell here is {states}",
        example,
    )
