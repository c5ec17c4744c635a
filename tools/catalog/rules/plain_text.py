"""Text for readers is plain Unicode: no TeX, no markup, nothing invisible, one form of each letter, single blanks."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from tools.catalog.characters import MARKUP, first_decomposed, is_hidden
from tools.catalog.loader import Catalog, Source
from tools.catalog.problems import Problem
from tools.catalog.rules._words import is_prose, texts
from tools.catalog.yaml_reader import Path

CODES = {
    "tex-in-text": "TeX where plain text belongs",
    "markup-in-text": "HTML or Markdown where plain text belongs",
    "hidden-character": "a character that cannot be seen, or a blank that is no plain blank",
    "not-nfc": "letters that are not in Unicode's composed form (NFC)",
    "stray-blank": "a blank at the start or the end, or two in a row",
}
TEX = re.compile(r"\\[A-Za-z]+|\\.|\\|\$|[{}]|[\^_]\{|``|''")
SUSPECT = re.compile(r"[\\$`{}<&]|[\^_]\{|''|\]\(|\*\*|^ | $|  ")
INSTEAD = {"\\": "β₁, √, é", "$": "β₁ ≤ 1", "^": "x²", "_": "x₁"}


def check(catalog: Catalog) -> Iterator[Problem]:
    for _, source in catalog.documents():
        for path, text in texts(source, _suspicious):
            yield from _faults(source, path, text)


def _suspicious(text: str) -> bool:
    return not (text.isascii() and text.isprintable()) or SUSPECT.search(text) is not None


def _faults(source: Source, path: Path, text: str) -> Iterator[Problem]:
    if not (text.isascii() and text.isprintable()):
        for at, character in enumerate(text):
            if is_hidden(character):
                name = unicodedata.name(character, "a control character")
                yield source.problem(
                    path, "hidden-character", f"U+{ord(character):04X} {name}", "text that can be seen, with plain blanks", offset=at
                )
                break
        if (letter := first_decomposed(text)) is not None:
            whole = unicodedata.normalize("NFC", text[max(letter - 1, 0) : letter + 1])
            yield source.problem(
                path,
                "not-nfc",
                f"{text[max(letter - 1, 0) : letter + 1]!a}",
                "letters in Unicode's composed form (NFC)",
                whole,
                offset=max(letter - 1, 0),
            )
    if not is_prose(path):
        return
    if found := TEX.search(text):
        yield source.problem(
            path,
            "tex-in-text",
            f"{found[0]!r}",
            "plain text in Unicode",
            INSTEAD.get(found[0][0], "{ } and TeX quotes left out"),
            offset=found.start(),
        )
    if found := MARKUP.search(text):
        yield source.problem(
            path,
            "markup-in-text",
            f"{found[0]!r}",
            "plain text without HTML and Markdown",
            "a < b with blanks, or a word",
            offset=found.start(),
        )
    if found := re.search(r"^ | $|  ", text):
        yield source.problem(path, "stray-blank", "a blank too many", "single blanks between words, none at the ends", offset=found.start())
