"""Characters and markup that have no place in the plain text of records and tables."""

from __future__ import annotations

import re
import unicodedata

MARKUP = re.compile(r"</?[A-Za-z][^\s>]*>?|<!--|&(?:[A-Za-z][A-Za-z0-9]*|#\d+|#x[0-9A-Fa-f]+);|\]\(|`|\*\*\w")
INVISIBLE = {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"}
BLANK_LETTERS = frozenset("\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\ufe0f\ufe0e\u034f")


def is_hidden(character: str) -> bool:
    """Whether it cannot be seen, or is a blank that is no plain blank."""
    kind = unicodedata.category(character)
    return kind in INVISIBLE or (kind == "Zs" and character != " ") or character in BLANK_LETTERS


def first_decomposed(text: str) -> int | None:
    """Where the first letter stands that is not in Unicode's composed form (NFC), or what is composed with it."""
    if unicodedata.is_normalized("NFC", text):
        return None
    return next(i for i in range(len(text)) if not unicodedata.is_normalized("NFC", text[: i + 1]))
