"""How a peer's arguments are written down."""

from __future__ import annotations

ENTRIES = "entries"  # the number of entries of all tensors of the model, in an argument


def expressions(text: str) -> tuple[str, ...]:
    """The expressions of an argument: of `(beta1, 1 - beta2)`, which stands for a tuple, its two; else the text itself."""
    if not (text.startswith("(") and text.endswith(")")):
        return (text,)
    items, depth = [""], 0
    for place, char in enumerate(text[1:-1], 1):
        depth += {"(": 1, ")": -1}.get(char, 0)
        if depth < 0:  # the first parenthesis was closed on the way, as in (a + b)*(c + d)
            return (text,)
        if char == "," and depth == 0:
            items.append("")
        else:
            items[-1] += text[place]
    return tuple(x.strip() for x in items if x.strip()) if len(items) > 1 else (text,)
