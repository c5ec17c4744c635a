"""After MkDocs: pages without needless blanks and with a strict Content-Security-Policy, a page for lost visitors, no unused files."""

from __future__ import annotations

import base64
import hashlib
import re
import shutil
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig

INLINE_SCRIPT = re.compile(r"<script(?P<attributes>[^>]*)>(?P<body>.*?)</script>", re.S)
INLINE_STYLE = re.compile(r"<style[^>]*>(?P<body>.*?)</style>", re.S)
VERBATIM = re.compile(r"(<(pre|script|style|textarea)\b.*?</\2>)", re.S)
BLANKS = re.compile(r"\s*\n\s*")
THEMES_CLASS = re.compile(r'<([a-z]+ (?:[^<>]* )?)class="(md-[\w-]+)"([ >])')
AFTER_THEMES_TAG = re.compile(r"(<[a-z]+ (?:[^<>]* )?class=md-[\w-]+(?: [^<>]*)?>)\n")
SOURCE_MAP = re.compile(rb"\n?(?://# sourceMappingURL=\S+|/\*# sourceMappingURL=[^*]+\*/)\s*")
SELF = "'self'"
HEAD = '<meta charset="utf-8">'
# the theme's search in other languages, and the worker of its search: ours needs neither
UNUSED = ("assets/javascripts/lunr", "assets/javascripts/workers", "assets/images/favicon.png", "sitemap.xml.gz")


def finish(site: Path, settings: MkDocsConfig) -> int:
    """Finish every page below `site`. Gives their number."""
    (site / "404.html").write_text(lost(settings.site_url or ""), "utf-8")
    count = 0
    for path in sorted(site.rglob("*.html")):
        path.write_text(with_policy(squeezed(path.read_text("utf-8"))), "utf-8")
        count += 1
    for name in UNUSED:
        path = site / name
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    for path in (site / "assets").rglob("*"):
        if path.suffix == ".map":
            path.unlink()
        elif path.suffix in (".js", ".css") and b"sourceMappingURL" in (content := path.read_bytes()):
            path.write_bytes(SOURCE_MAP.sub(b"\n", content))
    addresses = site / "sitemap.xml"
    if not settings.site_url:
        addresses.unlink(missing_ok=True)  # a map without addresses
    elif addresses.exists():  # the day of the build says nothing about a page
        addresses.write_text(re.sub(r"\s*<lastmod>.*?</lastmod>", "", addresses.read_text("utf-8")), "utf-8")
    return count


def squeezed(html: str) -> str:
    """The page without what HTML does not need: indentation, empty lines, names of namespaces, quotes around the theme's class names."""
    parts = VERBATIM.split(html)
    # three parts each: text, verbatim element, its name
    return "".join(_squeezed(part) if i % 3 == 0 else part if i % 3 == 1 else "" for i, part in enumerate(parts)).lstrip()


def _squeezed(html: str) -> str:
    html = BLANKS.sub("\n", html).replace(' xmlns="http://www.w3.org/2000/svg"', "")
    return AFTER_THEMES_TAG.sub(r"\1", THEMES_CLASS.sub(r"<\1class=\2\3", html))


def lost(site_url: str) -> str:
    """The page for addresses that lead nowhere. It is shown at any depth, so it needs no other file."""
    env = Environment(loader=FileSystemLoader(Path(__file__).with_name("templates")), autoescape=True)
    return env.get_template("404.html.j2").render(base=urlsplit(site_url).path.rstrip("/") + "/" if site_url else "")


def with_policy(html: str) -> str:
    """The page with its policy after the declaration of its encoding: scripts and styles from this site alone, inline ones by hash."""
    scripts = {
        digest(m["body"])
        for m in INLINE_SCRIPT.finditer(html)
        if m["body"] and "src=" not in m["attributes"] and "application/json" not in m["attributes"]
    }
    styles = {digest(m["body"]) for m in INLINE_STYLE.finditer(html) if m["body"]}
    policy = (
        "default-src 'none'; "
        f"script-src {' '.join([SELF, *sorted(scripts)])}; style-src {' '.join([SELF, *sorted(styles)])}; "
        "img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'"
    )
    if HEAD not in html:
        raise ValueError("a page without a charset has no place for its policy")
    return html.replace(HEAD, f'{HEAD}<meta http-equiv="Content-Security-Policy" content="{policy}">', 1)


@cache
def digest(body: str) -> str:
    """The source expression of an inline script or style."""
    return "'sha256-" + base64.b64encode(hashlib.sha256(body.encode()).digest()).decode() + "'"
