"""`atlas run NAME --surface S`: a record's own equations on a small surface, as a table with a plot, as SVG or as JSON."""

from __future__ import annotations

import argparse
import difflib
import json
import math
import re
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tools.algebra import AlgebraError
from tools.algebra.functions import RANDOM
from tools.algebra.tree import Call, Node
from tools.catalog.equations import is_executable, parsed, parsed_expression, program, scoped
from tools.catalog.schema import Hyperparameter, Optimizer, admits
from tools.cli import CommandError, UsageError, _filters
from tools.cli._files import deliver

if TYPE_CHECKING:
    from tools.algebra.run import Array
    from tools.algebra.surfaces import Path as Walk
    from tools.algebra.surfaces import Surface

SURFACES = ("rosenbrock", "rastrigin", "quadratic", "saddle")
FALLBACK = {"rank": 1, "update_frequency": 10}  # `lr` has one for each surface
MOST_STEPS = 100_000
MOST_ROWS = 1000  # of a state slot whose size a hyperparameter sets


def arguments(parser: argparse.ArgumentParser) -> None:
    # argparse takes a text for an option where it starts with a hyphen and is no number; `-1.5,2` is two numbers
    parser._negative_number_matcher = re.compile(r"-[\d.]")
    parser.add_argument("name", metavar="NAME", help="id, name or alias of a method")
    parser.add_argument("--surface", choices=SURFACES, default="rosenbrock", help="default: rosenbrock")
    parser.add_argument("--steps", type=steps_number, default=100, metavar="N", help="default: 100")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a hyperparameter; tuples as betas=0.9,0.99")
    parser.add_argument("--start", type=point, metavar="X,Y", help="where to start (default: a place that suits the surface)")
    parser.add_argument("--seed", type=seed_number, default=0, metavar="N", help="for methods with random draws (default: 0)")
    parser.add_argument("--inner-lr", type=positive, metavar="LR", help="learning rate of the plain SGD that a wrapper works around")
    parser.add_argument("--format", choices=("text", "svg", "json"), default="text", help="text: a table and a plot")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="write to this file (default: standard output)")


def steps_number(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,6}", text) or not 1 <= int(text) <= MOST_STEPS:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of steps; 1 to {MOST_STEPS} are allowed")
    return int(text)


def seed_number(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,18}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no seed; a seed is a whole number from 0")
    return int(text)


def point(text: str) -> tuple[float, float]:
    try:
        x, y = map(float, text.strip("()[] ").split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no point; a point is two numbers such as -1.5,2") from None
    if not max(abs(x), abs(y)) <= 1e6:
        raise argparse.ArgumentTypeError(f"{text!r} is too far out; both numbers are finite and at most 1e6")
    return x, y


def positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is no learning rate; it is a number above 0")
    return value


def run(options: argparse.Namespace) -> int:
    from tools.algebra.surfaces import SURFACES as KNOWN

    catalog = _filters.load(options.root)
    method = _filters.find(catalog, options.name)
    if not is_executable(method):
        raise CommandError(f"{method.id} has no equations that run: {method.not_executable or 'none are recorded'}")
    surface = KNOWN[options.surface]
    notes: list[str] = []
    settings = complete(method, given(method, options.set), surface, notes)
    start = weights(method, surface, options.start, notes)
    path = walk(method, settings, surface, start, options, notes)
    if path.diverged:
        notes.append(f"diverged: beyond all bounds in step {len(path.values) - 1}, where the run ends")
    text = FORMATS[options.format](method, settings, surface, path, notes)
    deliver(text, options.output)
    return 0


def given(method: Optimizer, texts: Iterable[str]) -> dict[str, Any]:
    """The settings of the command line by name. Raises UsageError."""
    known = {h.name: h for h in method.hyperparameters}
    result: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        name = name.strip()
        if not equals:
            raise UsageError(f"--set {text}: a setting has the form name=value, such as lr=0.01")
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            owner = [h.name for h in known.values() if name in h.scalars]
            hint = f"; did you mean {(owner or close)[0]!r}?" if owner or close else ""
            raise UsageError(f"--set: {method.id} has no hyperparameter {name!r}; it has {', '.join(known) or 'none'}{hint}")
        if name in result:
            raise UsageError(f"--set: {name} is set twice")
        result[name] = setting(known[name], value.strip())
    return result


def setting(h: Hyperparameter, text: str) -> Any:
    """The value that the text stands for, inside the range. Raises UsageError."""
    if not isinstance(h.default, tuple):
        return one(h, text)
    items = [item.strip() for item in text.strip("()[]").rstrip(", ").split(",")]
    if len(items) != len(h.default):
        example = ",".join(map(str, h.default))
        raise UsageError(f"--set {h.name}: {len(items)} given, but {h.name} has {len(h.default)} items; for example {h.name}={example}")
    return tuple(one(h, item) for item in items)


def one(h: Hyperparameter, text: str) -> Any:
    kinds: dict[str, tuple[str, Callable[[str], Any]]] = {
        "float": ("a number", float),
        "int": ("a whole number", int),
        "bool": ("true or false", lambda word: {"true": True, "false": False}[word.lower()]),
        "choice": (f"one of {h.range}", str),
    }
    words, read = kinds[h.type]
    try:
        value = read(text)
        fits = admits(h.range, value) and (isinstance(value, str) or abs(value) <= 1e300)
    except (ValueError, KeyError):
        raise UsageError(f"--set {h.name}: {text!r} is not {words}") from None
    if not fits:
        raise UsageError(f"--set {h.name}: {text} is out of range; {h.name} lies in {h.range}")
    return value


def complete(method: Optimizer, settings: dict[str, Any], surface: Surface, notes: list[str]) -> dict[str, Any]:
    """All hyperparameters; where the record has no default, a stated value of ours. Raises UsageError."""
    result: dict[str, Any] = {}
    sizes = {axis for slot in method.state if isinstance(slot.shape, tuple) for axis in slot.shape}
    for h in method.hyperparameters:
        value = settings.get(h.name, h.default)
        if value is None:
            tried = method.implementation.settings[0] if method.implementation and method.implementation.settings else {}
            value = surface.lr if h.name == "lr" else FALLBACK.get(h.name, tried.get(h.name))
            if value is None:
                raise UsageError(f"{h.name} has no default and must be given: --set {h.name}=VALUE, in {h.range} ({h.meaning})")
            notes.append(f"{h.name} has no default in the record; here it is {value}, and --set {h.name}=... changes that")
        if sizes & set(h.scalars) and not 0 <= value <= MOST_ROWS:
            raise UsageError(f"--set {h.name}: {value} sets the size of a state slot; at most {MOST_ROWS} is allowed here")
        result[h.name] = value
    return result


def weights(method: Optimizer, surface: Surface, start: tuple[float, float] | None, notes: list[str]) -> Array:
    """The first weights: a vector (x, y), or a matrix with one point a column for methods that treat matrices in their own way."""
    import numpy as np

    first = start or surface.starts[0]
    matrices = method.parameter_scope.accepts == "matrices" or any(e.applies_to == "matrices" for e in method.equations)
    if not matrices:
        return np.array(first)
    points = [first, *surface.starts[1:]]
    what = "takes matrices only" if method.parameter_scope.accepts == "matrices" else "treats matrices in a way of its own"
    notes.append(f"{method.name} {what}: the weights are a 2×{len(points)} matrix, one point a column, and the objective sums the points")
    return np.array(points).T.copy()


def walk(
    method: Optimizer, settings: dict[str, Any], surface: Surface, start: Array, options: argparse.Namespace, notes: list[str]
) -> Walk:
    """Run the equations. Raises CommandError with the line and a mark where one of them cannot be computed."""
    import numpy as np

    from tools.algebra.surfaces import descend

    rng = np.random.default_rng(options.seed)

    def draw(kind: str, shape: tuple[int, ...]) -> Array:
        return rng.choice((-1.0, 1.0), size=shape) if kind == "rademacher" else rng.standard_normal(shape)

    inner_lr = options.inner_lr or surface.lr

    def plain_sgd(thetas: list[Array], gradients: list[Array], t: int) -> list[Array]:
        return [-inner_lr * g for g in gradients]

    try:
        wraps = uses(method, lambda node: isinstance(node, Call) and node.function == "inner_step")
        if wraps:
            notes.append(f"{method.name} is a wrapper; here it works around plain SGD with lr {inner_lr}, and --inner-lr changes that")
        if options.inner_lr and not wraps:
            raise UsageError(f"--inner-lr: no equation of {method.id} uses an inner method")
        if uses(method, lambda node: isinstance(node, Call) and node.function in RANDOM):
            notes.append(f"random draws start from the seed {options.seed}")
        if uses(method, lambda node: isinstance(node, Call) and node.function == "full_gradient"):
            notes.append("a surface has no samples: the gradient over all data is the gradient at hand")
        ready = program(method, settings, objective=surface, draw=draw, inner=plain_sgd if wraps else None)
        return descend(ready, surface, start, options.steps)
    except AlgebraError as error:
        raise CommandError(pointed(method, error)) from None


def uses(method: Optimizer, wanted: Callable[[Node], bool]) -> bool:
    return any(wanted(node) for equation, _ in scoped(method) for node in equation.value.walk())


def pointed(method: Optimizer, error: AlgebraError) -> str:
    """The expression at fault with a mark below the place."""
    if error.slot is not None:
        text = next(s.start for s in method.state if s.name == error.slot)
        return f"{method.id}: the start value of {error.slot} cannot be computed\n{error.pointed(text)}"
    if error.equation is not None:
        equation = method.equations[error.equation]
        return f"{method.id}: the equation {equation.id} cannot be computed\n{error.pointed(str(equation.math))}"
    for what, text, read in _expressions(method):  # the fault came up while reading
        try:
            read(text)
        except AlgebraError as again:
            return f"{method.id}: {what} cannot be read\n{again.pointed(text)}"
    return f"{method.id}: {error}"


def _expressions(method: Optimizer) -> Iterable[tuple[str, str, Callable[[str], object]]]:
    yield from ((f"the equation {e.id}", e.math, parsed) for e in method.equations if e.math is not None)
    yield from ((f"the start value of {s.name}", s.start, parsed_expression) for s in method.state)


def shown(value: Any) -> str:
    """A value as a record shows it: 1e-8, and tuples in round brackets."""
    if isinstance(value, tuple):
        return "(" + ", ".join(map(shown, value)) + ("," if len(value) == 1 else "") + ")"
    if isinstance(value, float):
        return re.sub(r"e(-?)\+?0*", r"e\1", f"{value:.10g}")
    return str(value).lower() if isinstance(value, bool) else str(value)


def heading(method: Optimizer, surface: Surface) -> str:
    return f"{method.name} on {surface.name}: {surface.formula}"


def settings_line(settings: dict[str, Any]) -> str:
    return ", ".join(f"{name} = {shown(value)}" for name, value in settings.items()) or "no hyperparameters"


def some_steps(last: int) -> list[int]:
    """0, 1, 2, 5, 10, 20, 50, ... and the last."""
    round_numbers = (n * 10**k for k in range(len(str(last))) for n in (1, 2, 5))
    return [0, *(n for n in round_numbers if n < last), last]


def as_text(method: Optimizer, settings: dict[str, Any], surface: Surface, path: Walk, notes: list[str]) -> str:
    from tools.cli._picture import as_text as picture

    lines = [heading(method, surface), settings_line(settings), *(f"note: {n}" for n in notes), ""]
    lines.append(f"{'t':>7}  {'value':>12}  {'|gradient|':>12}  theta")
    for t in some_steps(len(path.values) - 1):
        points = "  ".join(f"({x:.6g}, {y:.6g})" for x, y in path.thetas[t].reshape(2, -1).T)
        lines.append(f"{t:>7}  {path.values[t]:>12.6g}  {path.norms[t]:>12.6g}  {points}")
    size = shutil.get_terminal_size((80, 30))
    rows = max(10, min(size.lines - 6, 26))
    return "\n".join([*lines, "", ""]) + picture(surface, path.points, min(size.columns, 100), rows)


def as_svg(method: Optimizer, settings: dict[str, Any], surface: Surface, path: Walk, notes: list[str]) -> str:
    from tools.cli._picture import as_svg as picture

    last = len(path.values) - 1
    end = f"diverged in step {last}" if path.diverged else f"value {path.values[-1]:.4g} after {last} steps"
    line = f"{end}; {settings_line(settings)}"
    return picture(surface, path.points, heading(method, surface), line, ". ".join([line, *notes]))


def as_json(method: Optimizer, settings: dict[str, Any], surface: Surface, path: Walk, notes: list[str]) -> str:
    def number(value: float) -> float | None:
        return float(value) if math.isfinite(value) else None

    def nested(values: Any) -> Any:
        return [nested(v) for v in values] if isinstance(values, list) else number(values)

    data = {
        "method": method.id,
        "surface": surface.name,
        "settings": settings,
        "notes": notes,
        "diverged": path.diverged,
        "steps": [
            {"t": t, "value": number(v), "gradient_norm": number(n), "theta": nested(x.tolist())}
            for t, (v, n, x) in enumerate(zip(path.values, path.norms, path.thetas, strict=True))
        ],
    }
    return json.dumps(data, ensure_ascii=False, allow_nan=False) + "\n"


FORMATS = {"text": as_text, "svg": as_svg, "json": as_json}
