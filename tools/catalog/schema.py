"""What a record may say: one frozen Pydantic model for each kind of file in the catalog.

What one record can know about itself is checked here; what needs two records is a rule of its own in `rules/`.
"""

from __future__ import annotations

import datetime
import re
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

Slug = Annotated[
    str,
    Field(
        pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$",
        max_length=60,
        description="lower-case ASCII letters and digits, joined by single hyphens",
        examples=["adam", "kingma-2014-adam"],
    ),
]
Text = Annotated[
    str,
    StringConstraints(min_length=1, max_length=1000),
    Field(description="plain text on one line, in Unicode, without TeX or HTML", examples=["First moment: decay rate β₁."]),
]
Name = Annotated[
    str,
    StringConstraints(min_length=1, max_length=80),
    Field(description="the name as its authors write it, at most 80 characters", examples=["AdamW"]),
]
Identifier = Annotated[
    str,
    Field(
        pattern=r"^[a-z][a-z0-9]*(_[a-z0-9]+)*$",
        max_length=40,
        description="a lower-case Python identifier",
        examples=["weight_decay"],
    ),
]
Url = Annotated[
    str,
    Field(
        pattern=r"^https://[A-Za-z0-9.-]+\.[A-Za-z]{2,}(:\d+)?(/[^\s<>\"'`{}|\\^]*)?$",
        max_length=500,
        description="an address that starts with https:// and has no blanks, quotes or angle brackets",
        examples=["https://arxiv.org/abs/1412.6980"],
    ),
]
Tex = Annotated[
    str,
    StringConstraints(min_length=1, max_length=2000),
    Field(description="LaTeX maths without dollar signs", examples=[r"\beta_1"]),
]
Algebra = Annotated[
    str,
    StringConstraints(min_length=1, max_length=2000),
    Field(description="one line of the atlas's algebra", examples=["m[t] = beta1*m[t-1] + (1 - beta1)*g[t]"]),
]


class Record(BaseModel):
    """A misspelt key is an error, and a loaded fact does not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Kind(StrEnum):
    OPTIMIZER = "optimizer"
    WRAPPER = "wrapper"
    SCHEDULE = "schedule"
    COMPRESSOR = "compressor"
    PRIVATIZER = "privatizer"
    FEDERATED = "federated"


class Order(StrEnum):
    ZEROTH = "zeroth"
    FIRST = "first"
    SECOND = "second"


class Step(StrEnum):
    """The four steps of the general algorithm (Li et al., arXiv 2410.06373, Algorithm 1)."""

    GRADIENT = "gradient"
    GRADIENT_ESTIMATE = "gradient_estimate"
    LEARNING_RATE = "learning_rate"
    UPDATE = "update"


class Claim(Record):
    """An advantage or a limitation: short, in our own words, with what it rests on."""

    text: Text
    source: Text = Field(
        description="where it is shown: paper and section, or an address",
        examples=["kingma-2014-adam, Section 2.1"],
    )


class MethodPapers(Record):
    introduced_in: Slug = Field(description="the citation key of the paper that introduced the method")
    also: tuple[Slug, ...] = Field(default=(), description="citation keys of further papers about it")


class Category(Record):
    """One of the four categories of Li et al. (arXiv 2410.06373, Section 3), or outside of them."""

    letter: Literal["a", "b", "c", "d", "outside"]
    assigned_by: Literal["paper", "atlas"] = Field(description="`paper`: the paper itself lists the method there")
    reason: Text | None = Field(default=None, description="why, where the atlas assigned it or the method lies outside")


Number = int | float
Value = bool | int | float | str
Default = Value | tuple[Number, ...] | None


class OfficialDefault(Record):
    """What the authors' own code sets, where it differs from the paper or the paper is silent."""

    default: Default
    source: Url


class Hyperparameter(Record):
    name: Identifier
    symbol: Tex = Field(description="its LaTeX symbol; a tuple lists one symbol an item, with commas", examples=[r"\beta_1, \beta_2"])
    type: Literal["float", "int", "bool", "choice"] = "float"
    default: Default = Field(description="the default; null where no source gives one, so that the user must choose")
    range: str = Field(
        description="an interval such as [0, 1) or (0, inf), or the allowed values in braces; a tuple is checked item by item",
        examples=["[0, 1)", "(0, inf)", "{true, false}"],
        max_length=120,
    )
    meaning: Text
    source: Text = Field(description="where the default stands: a place in the paper or an address", examples=["Algorithm 1"])
    official: OfficialDefault | None = None

    @property
    def scalars(self) -> tuple[str, ...]:
        """The names that equations use: `betas` with two items gives `beta1` and `beta2`."""
        if isinstance(self.default, tuple):
            stem = self.name.removesuffix("s")
            return tuple(f"{stem}{i}" for i in range(1, len(self.default) + 1))
        return (self.name,)


class StateSlot(Record):
    """What the method remembers between two steps, apart from the step number."""

    name: Identifier
    symbol: Tex = Field(description="its LaTeX symbol without the time index", examples=["m", r"\hat{v}"])
    shape: Literal["parameter", "scalar"] | tuple[str | int, ...] = Field(
        default="parameter",
        description="`parameter`, `scalar`, or a list of `rows`, `cols`, `size`, `channels` (the first axis), `inputs` (all others "
        "together), whole numbers and hyperparameter names",
        examples=["parameter", ["rows", "cols"]],
    )
    start: Algebra = Field(
        default="0",
        description="its value before the first step, in the algebra; may use hyperparameters and the first theta",
        examples=["0"],
    )
    meaning: Text
    applies_to: Literal["all", "matrices", "vectors"] = "all"
    scaled_by: Identifier | None = Field(
        default=None,
        description="the hyperparameter that multiplies it wherever it is read; while that is 0, the code does not keep it",
        examples=["momentum"],
    )


class Equation(Record):
    """One line of the method. `math` runs; `latex` is only shown, with the record's `not_executable` as the reason."""

    id: Annotated[
        str,
        Field(
            pattern=r"^[A-Z][A-Za-z0-9]*\.[a-z][a-z0-9_]*$",
            max_length=40,
            description="place and left-hand side: A2.m stands in Algorithm 2, E7.v is Eq. (7), S3.c Section 3, C.d the official code",
            examples=["A1.m"],
        ),
    ]
    step: Step
    where: Text = Field(description="its place in the source", examples=["Algorithm 1"])
    math: Algebra | None = None
    latex: Tex | None = None
    applies_to: Literal["all", "matrices", "vectors"] = Field(
        default="all", description="`matrices`: tensors of two or more axes; `vectors`: the others"
    )
    note: Text | None = None

    @model_validator(mode="after")
    def one_form(self) -> Equation:
        if (self.math is None) == (self.latex is None):
            raise ValueError("an equation has either `math` (it runs) or `latex` (it is only shown)")
        return self


class WeightDecay(Record):
    """How the method shrinks the weights by itself."""

    kind: Literal["none", "coupled", "decoupled_times_lr", "decoupled", "proximal", "other"] = Field(
        description="`coupled`: added to the gradient; `decoupled_times_lr`: theta shrinks by lr times lambda"
    )
    shrink: Algebra | None = Field(
        default=None,
        description="the exact factor on theta in a step with zero gradient and empty state, in the algebra; null for none",
        examples=["1 - lr*weight_decay"],
    )
    note: Text | None = None


class ParameterScope(Record):
    accepts: Literal["any", "matrices"] = "any"
    rest: Text | None = Field(default=None, description="what the remaining parameters get, where the method takes matrices only")


class BuildsOn(Record):
    id: Slug
    change: Text = Field(description="what changes, in one line", examples=["the decay leaves the gradient and acts on the weights"])


class Reduction(Record):
    """With `when` set, the method takes the very steps of `becomes` (with `with` set there)."""

    becomes: Slug
    when: dict[Identifier, Value | tuple[Number, ...] | None]
    with_: dict[Identifier, Value | tuple[Number, ...] | None] = Field(default={}, alias="with")
    tolerance: float = Field(default=0.0, ge=0, le=1e-2, description="largest relative difference allowed; 0 asks for equal bits")
    reason: Text | None = Field(default=None, description="why equality is not to the last bit, where a tolerance is set")
    on: tuple[Literal["vectors", "layers", "one-sample", "linear-loss", "signs", "mirrored-signs"], ...] = Field(
        default=(),
        exclude_if=lambda on: not on,
        description="the kind of problem on which the identity holds; any, if left out (see PROBLEMS)",
    )


PROBLEMS = {
    "vectors": "for vectors and scalars",
    "layers": "for weights and biases of layers",
    "one-sample": "where all data are one sample",
    "linear-loss": "for a loss that is linear in the parameters",
    "signs": "with directions of random signs",
    "mirrored-signs": "with directions of random signs that come in pairs, one the opposite of the other",
}


class Part(Record):
    """What a peer is put together from: an object that gets values of ours, after parts of its own."""

    object: Annotated[
        str, Field(pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_][\w.]*$", examples=["torchzero.modules:LR"], description="package.module:name")
    ]
    arguments: dict[str, str] = Field(default={}, description="its argument: an expression over our hyperparameters")
    constants: dict[str, Value | tuple[Number | None, ...] | None] = Field(default={}, description="its arguments with a fixed value")
    parts: tuple[Part, ...] = ()


class Peer(Record):
    """An independent implementation that the tests compare with, and how its arguments follow from ours."""

    object: Annotated[
        str, Field(pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_][\w.]*$", examples=["torch.optim:Adam"], description="package.module:name")
    ]
    arguments: dict[str, str] = Field(
        default={},
        description="its argument: an expression over our hyperparameters, or several in parentheses for a tuple",
        examples=[{"lr": "lr", "betas": "betas", "momentums": "(beta1, 1 - beta2)"}],
    )
    constants: dict[str, Value | tuple[Number | None, ...] | None] = Field(default={}, description="its arguments with a fixed value")
    only: dict[Identifier, Value | tuple[Number, ...]] = Field(
        default={}, description="settings of ours outside of which the peer is another method", examples=[{"weight_decay": 0.0}]
    )
    axes: tuple[Annotated[int, Field(ge=0)], ...] | None = Field(
        default=None, description="numbers of axes of the tensors for which the peer is the same method; all, if left out", examples=[[2]]
    )
    wide: bool = Field(
        default=False,
        exclude_if=lambda wide: not wide,
        description="whether, of matrices, it is the same method only for those with fewer rows than columns",
    )
    alone: bool = Field(
        default=False,
        exclude_if=lambda alone: not alone,
        description="whether it is the same method only where each tensor has an optimizer of its own",
    )
    double: bool = Field(
        default=False,
        exclude_if=lambda double: not double,
        description="whether what it rounds to single precision or less on the way is left in double precision for the comparison",
    )
    parts: tuple[Part, ...] = Field(
        default=(), exclude_if=lambda parts: not parts, description="what it is put together from: its first arguments after the parameters"
    )
    tolerance: float = Field(default=1e-10, gt=0, le=1e-2)
    reason: Text | None = Field(default=None, description="why the tolerance is wider, or why only some tensors are compared")
    differs: Text | None = Field(default=None, description="set where the peer follows another variant: shown, not asserted")


class Refusal(Record):
    """A way to run the update rule that a method cannot take."""

    way: Literal["compile"]
    reason: Text


class Implementation(Record):
    """The PyTorch class in `reference_impls/<id with _ for ->.py` (wrappers: `reference_impls/wrappers/`)."""

    class_name: Annotated[str, Field(alias="class", pattern=r"^[A-Z][A-Za-z0-9]*$", examples=["AdamW"], description="the class's name")]
    peers: tuple[Peer, ...] = ()
    settings: tuple[dict[Identifier, Value | tuple[Number, ...] | None], ...] = Field(
        default=(), description="further hyperparameter settings for the conformance tests", examples=[[{"eps": 0.1}]]
    )
    refuses: tuple[Refusal, ...] = Field(
        default=(), exclude_if=lambda refuses: not refuses, description="ways to run that the class does not offer; the others are tested"
    )


class Deviation(Record):
    text: Text
    source: Text


class Disagreement(Record):
    """Where paper and official code say different things: both, and which one the equations follow."""

    what: Text
    paper: Text
    code: Text
    source: Url
    follows: Literal["paper", "code"]


class Recommended(Record):
    hyperparameter: Identifier
    setting: Text
    value: Text
    source: Text


class Check(Record):
    """When somebody last read the record beside its source."""

    on: datetime.date
    url: Url
    version: Text = Field(description="which version of the paper", examples=["arXiv v9", "ICML 2018 proceedings"])


INVARIANCES = ("gradient_scale", "permutation", "sign_flip", "rotation", "parameter_shift")


class Optimizer(Record):
    id: Slug
    name: Name
    aliases: tuple[Name, ...] = ()
    shares_name_with: tuple[Slug, ...] = Field(
        default=(), description="methods that go by one of our names too; both sides say so, and a look-up lists them all"
    )
    kind: Kind
    summary: Annotated[
        str, StringConstraints(min_length=20, max_length=240), Field(description="one sentence in our own words, 20 to 240 characters")
    ]
    advantages: tuple[Claim, ...] = ()
    limitations: tuple[Claim, ...] = ()
    papers: MethodPapers
    order: Order
    families: tuple[Slug, ...] = Field(min_length=1, description="words of the taxonomy")
    scenarios: tuple[Slug, ...] = ()
    category: Category
    hyperparameters: tuple[Hyperparameter, ...] = ()
    state: tuple[StateSlot, ...] = ()
    symbols: dict[Identifier, Tex] = Field(default={}, description="LaTeX for names that equations define on the way")
    equations: tuple[Equation, ...] = ()
    not_executable: Text | None = Field(default=None, description="why the algebra cannot say this method; then equations carry `latex`")
    weight_decay: WeightDecay | None = None
    parameter_scope: ParameterScope = ParameterScope()
    builds_on: tuple[BuildsOn, ...] = ()
    reductions: tuple[Reduction, ...] = ()
    invariances: tuple[Literal["gradient_scale", "permutation", "sign_flip", "rotation", "parameter_shift"], ...] = ()
    implementation: Implementation | None = None
    deviations: tuple[Deviation, ...] = Field(
        default=(), description="where our code or equations knowingly depart from the paper, and why"
    )
    disagreements: tuple[Disagreement, ...] = ()
    recommended: tuple[Recommended, ...] = ()
    code: Url | None = Field(default=None, description="the official repository")
    checked: Check | None = None


class Venue(Record):
    """Where the paper was published after peer review, or what else it is; null means a preprint only."""

    name: Text = Field(description="full name of the journal, the proceedings or the series")
    type: Literal["journal", "conference", "workshop", "book", "thesis", "report", "lecture", "web"]
    short: Text | None = Field(default=None, examples=["ICLR 2015"])
    year: int | None = Field(default=None, ge=1800, le=2100)
    volume: str | None = None
    number: str | None = None
    pages: (
        Annotated[str, Field(pattern=r"^[\w.:]{1,12}([-–][\w.:]{1,12})?$", description="first and last page, joined by a hyphen")]
        | None
    ) = Field(default=None, examples=["400-407"])
    publisher: Text | None = None


class Person(Record):
    """An author whose name does not split at the last blank, or who is no person."""

    given: Name | None = None
    family: Name | None = None
    literal: Annotated[str, StringConstraints(min_length=1, max_length=120)] | None = Field(
        default=None, description="a corporate author or a single name"
    )

    @model_validator(mode="after")
    def one_form(self) -> Person:
        if (self.literal is None) == (self.family is None) or (self.literal and self.given):
            raise ValueError("an author has either `family` (and `given`) or `literal`")
        return self


Author = (
    Annotated[
        str,
        StringConstraints(min_length=2, max_length=120),
        Field(
            description="given names, then the family name, which is the last word and the lower-case particles before it",
            examples=["Diederik P. Kingma"],
        ),
    ]
    | Person
)


class Arxiv(Record):
    id: Annotated[
        str,
        Field(
            pattern=r"^(\d{4}\.\d{4,5}|[a-z-]+(\.[A-Z]{2})?/\d{7})$",
            description="the arXiv id in quotes, without version",
            examples=["1412.6980"],
        ),
    ]
    primary_class: Annotated[str, Field(pattern=r"^[a-z-]+(\.[A-Za-z-]{2,})?$", examples=["cs.LG"])] | None = None


class Verified(Record):
    """When and where title and complete author list were seen."""

    on: datetime.date
    url: Url
    evidence: Literal["primary", "aggregator", "weak"]


class OtherTitle(Record):
    """A title that the paper went by at another time or place."""

    title: Annotated[str, StringConstraints(min_length=3, max_length=400)]
    where: Text = Field(description="where the paper has or had this title", examples=["arXiv v1"])


class Paper(Record):
    key: Slug
    title: Annotated[str, StringConstraints(min_length=3, max_length=400), Field(description="exactly as published")]
    authors: tuple[Author, ...] = Field(min_length=1)
    year: int = Field(ge=1800, le=2100, description="the year of the first public appearance", examples=[2014])
    month: int | None = Field(default=None, ge=1, le=12)
    venue: Venue | None = None
    arxiv: Arxiv | None = None
    doi: (
        Annotated[
            str,
            Field(pattern=r"^10\.\d{4,9}/[^\s<>\"]+$", description="a DOI without https://doi.org/", examples=["10.1214/aoms/1177729586"]),
        ]
        | None
    ) = None
    url: Url | None = None
    protect: tuple[Name, ...] = Field(default=(), description="proper names in the title whose capitals BibTeX must keep")
    other_titles: tuple[OtherTitle, ...] = Field(
        default=(), description="titles of earlier versions, and short forms under which it is cited"
    )
    note: Text | None = None
    aliases: tuple[Slug, ...] = Field(default=(), description="former citation keys")
    verified: Verified | None = None

    @model_validator(mode="after")
    def reachable(self) -> Paper:
        if not (self.arxiv or self.doi or self.url):
            raise ValueError("a paper needs at least one of `arxiv`, `doi` and `url`")
        return self


class Word(Record):
    """A word that entries may use, with what it means."""

    id: str = Field(max_length=60, pattern=r"^[a-z0-9_]+(-[a-z0-9_]+)*$")
    name: Name
    definition: Text
    source: Text | None = None


class Family(Word):
    within: Slug = Field(description="the order or the scenario that it belongs to")


class Taxonomy(Record):
    orders: tuple[Word, ...]
    scenarios: tuple[Word, ...]
    families: tuple[Family, ...]
    kinds: tuple[Word, ...]
    categories: tuple[Word, ...]
    steps: tuple[Word, ...]


class Circulated(Record):
    """One row of a list that circulates: what it says, typed as it stands there."""

    name: Name
    method: Slug = Field(description="the catalog's method that the row means")
    title: Text
    year: int
    arxiv: str | None = None
    note: Text | None = Field(default=None, description="what is wrong, where the comparison of title, year and id does not say it")


class Errata(Record):
    source: Text
    url: Url
    rows: tuple[Circulated, ...] = Field(min_length=1)


INTERVAL = re.compile(r"^(?P<open>[\[(])\s*(?P<low>-?inf|-?[\d.eE+-]+)\s*,\s*(?P<high>inf|-?[\d.eE+-]+)\s*(?P<close>[\])])$")


def admits(range_: str, value: Any) -> bool:
    """Whether `value` lies in the range as records print it: "[0, 1)" or "{true, false}".

    Raises ValueError where the text is no range.
    """
    if isinstance(value, tuple | list):
        return all(admits(range_, item) for item in value)
    if range_.startswith("{") and range_.endswith("}"):
        words = [w.strip() for w in range_[1:-1].split(",")]
        return str(value).lower() in words or str(value) in words
    if not (found := INTERVAL.match(range_)):
        raise ValueError(f"{range_!r} is neither an interval nor a set in braces")
    low, high = float(found["low"]), float(found["high"])
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return (low < value or (found["open"] == "[" and low == value)) and (value < high or (found["close"] == "]" and value == high))
