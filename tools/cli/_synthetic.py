"""A catalog of any size for benchmarks: the real entries over and over, each copy with ids, names and papers of its own."""

from __future__ import annotations

import re
import shutil
from itertools import count
from pathlib import Path


def synthetic(root: Path, out: Path, size: int) -> None:
    """Write a project folder with `size` methods below `out`, each with the papers that it cites."""
    for folder in ("optimizers", "papers", "measurements"):
        (out / "catalog" / folder).mkdir(parents=True)
    for name in ("catalog/taxonomy.yaml", "catalog/errata.yaml", "mkdocs.yml", "CONTRIBUTING.md"):
        shutil.copy(root / name, out / name)
    shutil.copytree(root / "docs", out / "docs")
    shutil.copytree(root / "build" / "assets", out / "build" / "assets")
    (out / "node_modules").symlink_to(root / "node_modules")
    methods = sorted((root / "catalog" / "optimizers").glob("*.yaml"))
    papers = sorted((root / "catalog" / "papers").glob("*.yaml"))
    numbers = count(50_000)  # no real id has so large a number
    for copy in range(-(-size // len(methods))):
        some = methods[: size - copy * len(methods)]
        mark = f"-x{copy}" if copy else ""  # the first copy keeps its names: hand-written pages link to them
        for path in papers:
            write(out / "catalog" / "papers" / f"{path.stem}{mark}.yaml", paper(path.read_text("utf-8"), mark, numbers))
        kept = {path.stem for path in some}
        for path in some:
            write(out / "catalog" / "optimizers" / f"{path.stem}{mark}.yaml", method(path.read_text("utf-8"), mark, kept))


def write(path: Path, text: str) -> None:
    path.write_text(text, "utf-8")


def method(text: str, mark: str, kept: set[str]) -> str:
    """The record under another id, without what only the original can have: aliases and the implementation."""
    text = re.sub(r"^implementation:\n(  .*\n?)+", "", text, flags=re.M)
    text = re.sub(r"^(reductions|recommended):\n(  .*\n?)+", "", text, flags=re.M)
    text = re.sub(r"^(aliases|shares_name_with|invariances|reductions): .*\n", "", text, flags=re.M)
    text = re.sub(r"^  - \{id: ([a-z0-9-]+), change", lambda f: f[0] if f[1] in kept else "#" + f[0], text, flags=re.M)
    if re.search(r"^builds_on:\n(?:#.*\n)*+(?!  - )", text, flags=re.M):
        text = re.sub(r"^builds_on:\n", "builds_on: []\n", text, flags=re.M)
    if not mark:
        return text
    text = re.sub(r"^(id: \S+)", rf"\1{mark}", text, flags=re.M)
    text = re.sub(r"^(name: )(\"?)([^\"\n]+)(\"?)$", rf"\1\2\3 {mark[1:]}\4", text, flags=re.M)
    text = re.sub(r"^(  introduced_in: \S+)", rf"\1{mark}", text, flags=re.M)
    text = re.sub(r"^(  also: \[)(.*)\]", lambda f: f[1] + ", ".join(k.strip() + mark for k in f[2].split(",")) + "]", text, flags=re.M)
    return re.sub(r"^(  - \{id: [a-z0-9-]+)(, change)", rf"\1{mark}\2", text, flags=re.M)


def paper(text: str, mark: str, numbers: count[int]) -> str:
    """The paper under another key, with a title and ids of its own."""
    if not mark:
        return text
    text = re.sub(r"^(key: \S+)", rf"\1{mark}", text, flags=re.M)
    text = re.sub(r"^aliases: .*\n", "", text, flags=re.M)
    text = re.sub(r"^(title: )(\"?)(.+?)(\"?)$", rf"\1\2\3 {mark[1:]}\4", text, flags=re.M)
    # ids had four digits after the point before 2015
    text = re.sub(r"(arxiv: \{id: \"(\d\d)\d\d)\.\d+", lambda f: f"{f[1]}.{next(numbers) - (50_000 if int(f[2]) < 15 else 0):04d}", text)
    text = re.sub(r"^(doi: \"?10\.[^\"\n]+?)(\"?)$", rf"\1{mark}\2", text, flags=re.M)
    return re.sub(r"^(url: \"?https://[^\"\n]+?)(\"?)$", rf"\1?{mark[1:]}\2", text, flags=re.M)
