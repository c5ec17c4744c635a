"""A Markdown extension that carries whole blocks of HTML through untouched: what lies between `<!--raw-->` and `<!--/raw-->`.

Without it the pages render the same, only slower: Python-Markdown then parses the HTML of every table and formula to find its end.
Texts of records are escaped and cannot hold these marks.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from jinja2 import Environment, FileSystemLoader
from markdown import Markdown
from markdown.extensions import Extension
from markdown.preprocessors import Preprocessor

START, END = "<!--raw-->", "<!--/raw-->"
MARKDOWN = re.compile(r"^(?P<heading>#{1,6} .*)$|^(?P<fence>```\w*\n(?:.*\n)*?```)$", re.M)


class RawBlocks(Preprocessor):
    """Puts each raw block aside and leaves a placeholder, before anything else looks at the text."""

    def run(self, lines: list[str]) -> list[str]:
        result: list[str] = []
        block: list[str] | None = None
        for line in [*lines, END]:
            if line == END:
                if html := "\n".join(block or ()).strip():
                    result += ["", self.md.htmlStash.store(html), "", ""]
                block = None
            elif line == START:
                block = []
            else:
                (result if block is None else block).append(line)
        return result


class RawBlockExtension(Extension):
    def extendMarkdown(self, md: Markdown) -> None:
        md.preprocessors.register(RawBlocks(md), "raw_blocks", 28)  # after line ends are made alike (30), before fences (25) and HTML (20)


def makeExtension(**options: object) -> RawBlockExtension:
    """What Python-Markdown calls for `tools.site.raw_blocks` in mkdocs.yml."""
    return RawBlockExtension(**options)


class TemplateLoader(FileSystemLoader):
    """Templates whose HTML between Markdown headings and fences is marked as raw: by their source, which is ours, not by their output."""

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        text, name, fresh = super().get_source(environment, template)
        if template.endswith(".md.j2"):
            text = MARKDOWN.sub(lambda f: f"{END}\n\n{f[0]}\n\n{START}", text)
        return text, name, fresh


__all__ = ["RawBlockExtension", "TemplateLoader", "makeExtension"]
