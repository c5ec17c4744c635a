"""Golden trajectories as the site offers them: a file for each verified method, an index, and a page that shows how to use them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

from tools.catalog.hashes import record_hash
from tools.catalog.ladder import Rung
from tools.catalog.measurements import golden_path
from tools.site.context import Atlas, View

EXAMPLES = ("adam_golden.py", "adam_golden.mjs")
KINDS = {  # what a method may ask for beyond the gradient at hand; the words stand in the files
    "value": "The loss at a point.",
    "gradient": "The gradient at another point than the one before the step.",
    "full_gradient": "The gradient over all data.",
    "hvp": "The Hessian at a point, times a vector.",
    "per_sample": "The gradient of each sample's own loss; samples are the first axis.",
    "factors": "For a tensor that is a weight or a bias, else null, by sample and place: inputs of its layer, slopes (the derivatives "
    "of the sample's loss by the layer's outputs), and the inputs of the whole layer, with a one for its bias.",
    "inner_step": "The change that the wrapped optimizer makes, which is plain SGD.",
    "draw": "Random numbers: signs (rademacher) or normal ones (gaussian), for one tensor after the other.",
}


@dataclass(frozen=True)
class Golden:
    """A method's file: its text, and what the index and the page say of it."""

    view: View
    text: str

    @cached_property
    def data(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.text)
        return found

    @property
    def asks(self) -> list[str]:
        """Kinds of questions, the most frequent first."""
        asked = Counter(a["ask"] for case in self.data["cases"] for step in case["steps"] for a in step.get("asked", ()))
        return [kind for kind, _ in asked.most_common()]

    @property
    def reads_gradients(self) -> bool:
        return "gradients" in self.data["cases"][0]["steps"][0]


def goldens(atlas: Atlas) -> list[Golden]:
    """The files of all verified methods, as far as they were computed from the record as it is now."""
    found = []
    for view in atlas.methods:
        path = golden_path(atlas.catalog.root, view.id)
        if view.rung is not Rung.VERIFIED or not path.is_file():
            continue
        text = path.read_text("utf-8")
        if f'"record_hash": "{record_hash(view.o)}"' in text.partition('"cases"')[0]:
            found.append(Golden(view, text))
    return found


def golden_files(atlas: Atlas) -> Iterator[tuple[str, str]]:
    """(name, text) of each file and of the index."""
    found = goldens(atlas)
    for g in found:
        yield f"{g.view.id}.json", g.text
    rows = [
        {
            "method": g.view.id,
            "name": g.view.name,
            "file": f"{g.view.id}.json",
            "cases": len(g.data["cases"]),
            "steps": len(g.data["cases"][0]["steps"]),
            "computed_by": g.data["computed_by"],
            "gradients": g.reads_gradients,
            "asks": g.asks,
        }
        for g in found
    ]
    yield "index.json", json.dumps({"methods": rows}, ensure_ascii=False, indent=1).replace("<", "\\u003c") + "\n"


def prepare_golden(atlas: Atlas, env: Environment) -> None:
    """Templates know which methods have a file."""
    env.globals["golden"] = {g.view.id: g for g in goldens(atlas)}


def golden_pages(atlas: Atlas, env: Environment) -> Iterator[tuple[str, str]]:
    """(path, Markdown) of the page."""
    folder = atlas.catalog.root / "docs" / "assets" / "golden"
    examples = {name: Markup((folder / name).read_text("utf-8").strip()) for name in EXAMPLES}
    table: dict[str, Golden] = env.globals["golden"]  # type: ignore[assignment]  # by `prepare_golden`
    found = list(table.values())
    used = {kind for g in found for kind in g.asks}
    kinds = {kind: words for kind, words in KINDS.items() if kind in used}
    yield "golden.md", env.get_template("golden.md.j2").render(rows=found, examples=examples, kinds=kinds)


__all__ = ["Golden", "golden_files", "golden_pages", "goldens", "prepare_golden"]
