"""Strict CSV: commas, quotes only where needed, one record a line; every cell knows its place."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from tools.catalog.characters import MARKUP, first_decomposed, is_hidden
from tools.catalog.yaml_reader import FORBIDDEN, MOST_BYTES

SPECIAL = re.compile(r'"|^,|,,|,$|(?:^|,)\s|\s(?:,|$)')  # a line without these is split at its commas


@dataclass(frozen=True)
class CsvFault:
    """What is wrong with the text of a table; the rules turn it into a problem."""

    line: int
    col: int
    code: str
    found: str
    allowed: str
    example: str = ""


class Field(NamedTuple):
    """The text of one cell and its place (line and col from 1)."""

    text: str
    line: int
    col: int


def read_csv(raw: bytes) -> tuple[list[list[Field]], list[CsvFault]]:
    """The lines of fields, heading first, and what is wrong with the text. After a fault of the whole file there are no lines."""
    if fault := _whole(raw):
        return [], [fault]
    lines: list[list[Field]] = []
    faults: list[CsvFault] = []
    for number, line in enumerate(raw.decode("utf-8").split("\n")[:-1], start=1):
        if not line:
            faults.append(CsvFault(number, 1, "csv-syntax", "an empty line", "one record a line"))
            continue
        fields: list[Field] = []
        at = 0
        if not SPECIAL.search(line):
            for text in line.split(","):
                fields.append(Field(text, number, at + 1))
                at += len(text) + 1
        while at <= len(line):
            text, end, fault = _field(line, at, number)
            if fault:
                faults.append(fault)
            fields.append(Field(text, number, at + 1))
            at = end + 1
        lines.append(fields)
    return lines, faults


def _whole(raw: bytes) -> CsvFault | None:
    if len(raw) > MOST_BYTES:
        return CsvFault(1, 1, "csv-text", f"more than {MOST_BYTES} bytes", f"a file has at most {MOST_BYTES} bytes")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        return CsvFault(raw[: error.start].count(b"\n") + 1, 1, "csv-text", f"the byte 0x{raw[error.start]:02x}", "files are UTF-8")
    for pattern, allowed in (
        ("\r", "lines end in a single line feed"),
        ("\ufeff|\t|" + FORBIDDEN.pattern, "cells hold printable characters"),
        (MARKUP.pattern, "cells hold no markup"),
        ('(?:(?<=^)|(?<=,)|(?<=\n)|(?<=,")|(?<=\n"))[=+@]', "no cell begins like a formula of a spreadsheet"),
    ):
        if found := re.search(pattern, text):
            line, col = text.count("\n", 0, found.start()) + 1, found.start() - text.rfind("\n", 0, found.start())
            return CsvFault(line, col, "csv-text", f"the character U+{ord(found[0][0]):04X}", allowed)
    hidden = None if text.isascii() else next((i for i, c in enumerate(text) if c != "\n" and is_hidden(c)), None)
    for at, allowed in ((hidden, "cells hold characters that can be seen"), (first_decomposed(text), "letters in composed form (NFC)")):
        if at is not None:
            line, col = text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)
            return CsvFault(line, col, "csv-text", f"the character U+{ord(text[at]):04X}", allowed)
    if not text.endswith("\n"):
        return CsvFault(text.count("\n") + 1, 1, "csv-text", "no line feed at the end", "the last line ends in a line feed too")
    return None


def _field(line: str, at: int, number: int) -> tuple[str, int, CsvFault | None]:
    """The field that starts at `at`, the place of the comma behind it (or the line's end), and what is wrong with it."""

    def fault(col: int, found: str, allowed: str, example: str = "") -> CsvFault:
        return CsvFault(number, col + 1, "csv-syntax", found, allowed, example)

    if line[at : at + 1] != '"':
        end = line.find(",", at)
        end = len(line) if end < 0 else end
        text = line[at:end]
        if not text:
            return text, end, fault(at, "a blank cell", "each cell says something", "not reported")
        if text != text.strip():
            return text, end, fault(at, f"blanks around {text.strip()!r}", "no blanks at the ends of a cell")
        if '"' in text:
            return (
                text,
                end,
                fault(line.index('"', at), "a quote inside of a cell", "a cell with a quote is quoted, and its quotes are doubled"),
            )
        return text, end, None
    text, here = "", at + 1
    while True:
        close = line.find('"', here)
        if close < 0:
            return text, len(line), fault(at, "a quote that never closes", "quotes come in pairs, on one line")
        text += line[here:close]
        if line[close + 1 : close + 2] != '"':
            break
        text, here = text + '"', close + 2
    end = close + 1
    if end < len(line) and line[end] != ",":
        return text, max(line.find(",", end), end), fault(end, "text behind a closing quote", "a comma or the line's end")
    if not text.strip() or text != text.strip():
        return text, end, fault(at, "a blank cell or blanks at its ends", "each cell says something", "not reported")
    if "," not in text and '"' not in text:
        return text, end, fault(at, "quotes that are not needed", "only cells with a comma or a quote are quoted", text)
    return text, end, None
