"""Coloured code. What one build has coloured the next takes over, as formulas are."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

from markupsafe import Markup

UNSTYLED = re.compile(r'<span class="(?:n|o|p|w|bp)">(.*?)</span>')
known: dict[str, str] = {}
used: set[str] = set()


def code_html(code: str) -> Markup:
    """Python with colours, without the spans that have no colour of their own."""
    used.add(code)
    if code not in known:
        from pygments import highlight
        from pygments.formatters import HtmlFormatter
        from pygments.lexers import PythonLexer

        html = highlight(code, PythonLexer(), HtmlFormatter(cssclass="highlight"))
        html = html.replace("\n</pre>", "</pre>").replace("<pre><span></span>", "<pre>")
        known[code] = UNSTYLED.sub(r"\1", html).strip()
    return Markup(known[code])


def remember(memory: Path) -> None:
    """Take over what an earlier build with the same version of Pygments has coloured."""
    try:
        kept = json.loads(memory.read_text("utf-8"))
        if kept["made_by"] == _maker():
            known.update(kept["code"])
    except (OSError, ValueError, KeyError, TypeError):
        pass


def coloured() -> dict[str, str]:
    """What was asked for so far, with its colours."""
    return {code: known[code] for code in sorted(used)}


def learn(found: dict[str, str]) -> None:
    """Take over what another process has coloured."""
    known.update(found)
    used.update(found)


def keep(memory: Path) -> None:
    """Write down what this build has used, unless it lies there already."""
    text = json.dumps({"made_by": _maker(), "code": coloured()})
    if memory.exists() and memory.read_text("utf-8") == text:
        return
    memory.parent.mkdir(parents=True, exist_ok=True)
    new = memory.with_suffix(f".{os.getpid()}")
    new.write_text(text, "utf-8")
    new.replace(memory)


def _maker() -> str:
    import pygments

    return f"{pygments.__version__} {UNSTYLED.pattern}"
