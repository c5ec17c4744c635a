"""Where an implementation differs from its paper, from the authors' code, from another library or from itself: one record a difference.

A record that a library installed here can show has an example beside it, `<id>.py`, with a function `effect() -> float`.
"""

from __future__ import annotations

import datetime
import hashlib
import json
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from tools.catalog.schema import Name, Record, Slug, Text, Url

Status = Literal["still-there", "intended", "fixed", "not-reproduced", "cannot-run"]
STATUSES: dict[Status, str] = {
    "still-there": "the installed version does it, and nobody has said that it should",
    "intended": "the installed version does it, and its makers chose to",
    "fixed": "it was so once; the installed version does not do it",
    "not-reproduced": "the installed version does not do it, and no version is known that did",
    "cannot-run": "it cannot be run here, for the reason given",
}
SHOWN = frozenset({"still-there", "intended"})
Topic = Literal[
    "epsilon", "bias correction", "weight decay", "layer-wise rates", "update rule", "matrix methods", "state and resume", "precision"
]
TOPICS: tuple[Topic, ...] = (
    *("epsilon", "bias correction", "weight decay", "layer-wise rates"),
    *("update rule", "matrix methods", "state and resume", "precision"),
)
Probe = Literal["T1", "T2", "T3", "T4", "T5", "T6", "T7", "T8", "T9", "T10", "T11", "T12", "T13", "D"]
PROBES: dict[Probe, str] = {
    "T1": "one step with a large eps against a closed form",
    "T2": "some steps in float64 against an independent computation",
    "T3": "decay with a zero or tiny gradient: the exact shrink factor",
    "T4": "gradient or learning rate multiplied, the rate changed midway",
    "T5": "save, load into an object with other hyperparameters, continue",
    "T6": "two parameters: one must not touch the other",
    "T7": "the foreach, fused or compiled path against the plain loop",
    "T8": "another basis: permuted or rotated, the update must follow",
    "T9": "bf16 and default dtype over some hundred steps",
    "T10": "negative or tiny curvature",
    "T11": "tall, wide, square, one-axis and four-axis shapes",
    "T12": "a complex number against two real ones",
    "T13": "sparse and empty gradients",
    "D": "a default, compared with the source",
}


class Library(Record):
    name: Name = Field(
        description="the library, always spelt the same; for code that authors published, their repository", examples=["optax"]
    )
    versions: Text | None = Field(default=None, description="the versions that the report speaks of", examples=["1.2 and 1.21"])


class EffectSeen(Record):
    """What an example gave: one file below catalog/measurements/ledger."""

    id: str
    measured_on: Annotated[datetime.date, Field(strict=False)]
    package: str
    version: str
    versions: dict[str, str]
    example_hash: str
    effect: float


class Reproduction(Record):
    """What the installed version does. The size of the effect is measured, never typed."""

    status: Status
    package: (
        Annotated[
            str,
            Field(
                pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$",
                max_length=60,
                description="the installed package that the example runs, as the package index spells it, with hyphens",
                examples=["pytorch-optimizer"],
            ),
        ]
        | None
    ) = None
    above: float = Field(
        default=1e-6, ge=0, description="a larger effect is the difference, one up to here counts as none", examples=[1e-6]
    )
    note: Text | None = Field(default=None, description="what the example does and what its number is")
    reason: Text | None = Field(default=None, description="why it cannot be run here")

    @model_validator(mode="after")
    def fits_its_status(self) -> Reproduction:
        if self.status == "cannot-run":
            if self.reason is None:
                raise ValueError("what cannot be run has a `reason`")
            if self.package is not None:
                raise ValueError("what cannot be run names no `package`")
        elif self.package is None or self.note is None:
            raise ValueError("what was run names its `package`, and a `note` says what the example does and what its number is")
        elif self.reason is not None:
            raise ValueError("`reason` is for what cannot be run; what was run has a `note`")
        return self


class Discrepancy(Record):
    id: Slug = Field(examples=["optax-adabelief-eps-defaults"])
    report: Annotated[int, Field(ge=1)] | None = Field(
        description="number of the collected report that the record carries over; null for what the atlas found", examples=[67]
    )
    origin: Literal["reported", "atlas"] = Field(description="`atlas`: found by our own runs")
    topic: Topic
    optimizers: tuple[Slug, ...] = ()
    methods_outside: tuple[Name, ...] = Field(default=(), description="methods that are no entry of the catalog")
    libraries: tuple[Library, ...] = Field(min_length=1)
    against: Literal["paper", "official code", "other library", "itself"] = Field(
        description="what it differs from; `itself`: its own documentation, another of its paths, or what it plainly means to do"
    )
    equations: tuple[str, ...] = Field(default=(), description="ids of the equations that say it rightly, in the entries named here")
    sources: tuple[Url, ...] = ()
    differs: Text = Field(description="who does what, in one or two sentences of our own")
    outcome: Text = Field(description="how it ended upstream, in our own words")
    tests: tuple[Probe, ...] = Field(default=(), description="the kinds of test that would have shown it")
    reproduction: Reproduction

    @model_validator(mode="after")
    def fits_its_origin(self) -> Discrepancy:
        if not (self.optimizers or self.methods_outside):
            raise ValueError("a difference is one of a method: `optimizers` or `methods_outside`")
        if (self.origin == "reported") != (self.report is not None):
            raise ValueError("`report` has a number where `origin` is `reported`, and is null where it is `atlas`")
        if self.origin == "reported" and not self.sources:
            raise ValueError("what was reported has `sources`")
        if self.origin == "atlas" and self.reproduction.status == "cannot-run":
            raise ValueError("what the atlas found was run")
        return self


def example_path(root: Path, id_: str) -> Path:
    return root / "catalog" / "discrepancies" / f"{id_}.py"


def measured_path(root: Path, id_: str) -> Path:
    return root / "catalog" / "measurements" / "ledger" / f"{id_}.json"


def example_hash(content: bytes) -> str:
    """The fingerprint that ties a measurement to its example."""
    return hashlib.sha256(content).hexdigest()


def contradiction(record: Discrepancy, effect: float) -> str | None:
    """Why the status and the measured effect cannot both be right."""
    reproduction = record.reproduction
    shown = effect > reproduction.above
    if shown == (reproduction.status in SHOWN):
        return None
    return f"an effect of {effect:.2g}, {'above' if shown else 'not above'} {reproduction.above:g}, and the status {reproduction.status!r}"


def measured(root: Path, record: Discrepancy) -> dict[str, Any] | None:
    """What `atlas measure --ledger` wrote for the record, or None; whether it still fits is for the rules to say."""
    try:
        seen = json.loads(measured_path(root, record.id).read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return seen if isinstance(seen, dict) else None
