"""Golden trajectories replayed in pure Python: the equations of the records, read again by an interpreter of its own on flat lists.

Run as a program, in a process where NumPy and torch cannot be imported: `python golden_replay.py CATALOG FILE...` prints, as JSON, how far
each file's parameters and state are from what comes out here.
"""

import json
import math
import sys
from itertools import product
from pathlib import Path

if __name__ == "__main__":
    sys.modules["numpy"] = sys.modules["torch"] = None  # importing them is an error
    sys.path.insert(0, str(Path(__file__).parent.parent))

from golden_rules import RULES, flat

from tools.algebra.tree import Binary, Call, Name, Number, Unary
from tools.catalog.equations import is_executable, parsed_expression, scalars, scoped
from tools.catalog.loader import load_catalog

JOINT = {"value", "gradient", "full_gradient", "hvp", "inner_step"}


class Array:
    """A shape of up to two axes and the entries, row by row."""

    def __init__(self, shape, entries):
        self.shape, self.entries = tuple(shape), [float(x) for x in entries]
        assert len(self.entries) == math.prod(self.shape)

    @classmethod
    def of(cls, nested):
        shape, x = [], nested
        while isinstance(x, list):
            shape.append(len(x))
            x = x[0] if x else 0.0
        flat = [nested]
        for _ in shape:
            flat = [y for part in flat for y in part]
        return cls(shape, flat)

    def spread(self, shape):
        """Broadcast to a shape."""
        own = (1,) * (len(shape) - len(self.shape)) + self.shape
        assert len(own) == len(shape)
        assert all(a in (1, b) for a, b in zip(own, shape, strict=True)), (self.shape, shape)
        steps, size = [], 1
        for length in reversed(own):
            steps.insert(0, 0 if length == 1 else size)
            size *= length
        places = product(*map(range, shape))
        return Array(shape, [self.entries[sum(i * s for i, s in zip(at, steps, strict=True))] for at in places])

    def rows(self):
        n, m = self.shape
        return [self.entries[i * m : (i + 1) * m] for i in range(n)]


def matrix(rows):
    return Array((len(rows), len(rows[0])), [x for row in rows for x in row])


def each(act, *arrays):
    """Entry by entry, with broadcasting."""
    axes = max(len(a.shape) for a in arrays)
    padded = [(1,) * (axes - len(a.shape)) + a.shape for a in arrays]
    shape = tuple(max(lengths) if 0 not in lengths else 0 for lengths in zip(*padded, strict=True))
    return Array(shape, map(act, *(a.spread(shape).entries for a in arrays)))


def divide(a, b):
    if b != 0:
        return a / b
    return math.nan if a == 0 or a != a else math.copysign(math.inf, a) * math.copysign(1, b)


def power(a, b):
    try:
        result = a**b
        return result if isinstance(result, float) else math.nan
    except OverflowError:
        return math.inf
    except ZeroDivisionError:
        return math.inf


def guarded(act, otherwise):
    def safe(x):
        try:
            return act(x)
        except (ValueError, OverflowError):
            return otherwise(x)

    return safe


def sign(x):
    return float((x > 0) - (x < 0))


ENTRYWISE = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": divide,
    "**": power,
    "%": lambda a, b: a % b if b else math.nan,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "and": lambda a, b: bool(a) and bool(b),
    "or": lambda a, b: bool(a) or bool(b),
    "not": lambda a: not a,
    "negative": lambda a: -a,
    "sqrt": guarded(math.sqrt, lambda x: math.nan),
    "cbrt": math.cbrt,
    "exp": guarded(math.exp, lambda x: math.inf),
    "log": guarded(math.log, lambda x: -math.inf if x == 0 else math.nan),
    "abs": abs,
    "sign": sign,
    "floor": math.floor,
    "tanh": math.tanh,
    "sigmoid": lambda x: 1 / (1 + math.exp(-x)) if x > -700 else 0.0,
    "cos": math.cos,
    "arccos": guarded(math.acos, lambda x: math.nan),
    "minimum": min,
    "maximum": max,
    "clip": lambda x, low, high: min(max(x, low), high),
    "where": lambda condition, yes, no: yes if condition else no,
}
# of all entries; the name of a reduction along rows or columns ends with one of them
REDUCED = {
    "sum": sum,
    "mean": lambda xs: sum(xs) / max(len(xs), 1),
    "norm": lambda xs: math.sqrt(sum(x * x for x in xs)),
    "max": lambda xs: max(xs, default=0.0),
    "norm1": lambda xs: sum(map(abs, xs)),
    "max_abs": lambda xs: max(map(abs, xs), default=0.0),
    "rms": lambda xs: math.sqrt(sum(x * x for x in xs) / max(len(xs), 1)),
}


def transpose(x):
    return matrix([list(column) for column in zip(*x.rows(), strict=True)])


def matmul(x, y, *more):
    columns = list(zip(*y.rows(), strict=True)) if len(y.shape) == 2 else [y.entries]
    rows = x.rows() if len(x.shape) == 2 else [x.entries]
    entries = [sum(a * b for a, b in zip(row, column, strict=True)) for row in rows for column in columns]
    result = Array(x.shape[:-1] + y.shape[1:], entries)
    return matmul(result, *more) if more else result


def identity(n):
    return matrix([[float(i == j) for j in range(n)] for i in range(n)])


def inverse(x):
    """Gauss and Jordan, with the largest pivot."""
    n = x.shape[0]
    rows = [row + unit for row, unit in zip(x.rows(), identity(n).rows(), strict=True)]
    for k in range(n):
        best = max(range(k, n), key=lambda i: abs(rows[i][k]))
        rows[k], rows[best] = rows[best], rows[k]
        rows[k] = [v / rows[k][k] for v in rows[k]]
        for i in set(range(n)) - {k}:
            rows[i] = [a - rows[i][k] * b for a, b in zip(rows[i], rows[k], strict=True)]
    return matrix([row[n:] for row in rows])


def eigen(x):
    """Eigenvalues, ascending, and eigenvectors of a symmetric matrix, by Jacobi's rotations."""
    n = x.shape[0]
    a, v = x.rows(), identity(n).rows()
    for _ in range(60):
        for p in range(n):
            for q in range(p + 1, n):
                if a[p][q] == 0:
                    continue
                angle = 0.5 * math.atan2(2 * a[p][q], a[q][q] - a[p][p])
                c, s = math.cos(angle), math.sin(angle)
                for row in (*a, *v):
                    row[p], row[q] = c * row[p] - s * row[q], s * row[p] + c * row[q]
                a[p], a[q] = (
                    [c * y - s * z for y, z in zip(a[p], a[q], strict=True)],
                    [s * y + c * z for y, z in zip(a[p], a[q], strict=True)],
                )
    order = sorted(range(n), key=lambda i: a[i][i])
    return [a[i][i] for i in order], matrix([[row[i] for i in order] for row in v])


def singular(x):
    """Left vectors, values (descending) and right vectors, by Jacobi's rotations of columns."""
    n, m = x.shape
    if n < m:
        u, values, v = singular(transpose(x))
        return v, values, u
    columns, v = [list(c) for c in zip(*x.rows(), strict=True)], identity(m).rows()
    for _ in range(60):
        for p in range(m):
            for q in range(p + 1, m):
                alpha, beta = (sum(y * y for y in columns[i]) for i in (p, q))
                gamma = sum(y * z for y, z in zip(columns[p], columns[q], strict=True))
                if abs(gamma) <= 1e-300:
                    continue
                angle = 0.5 * math.atan2(2 * gamma, beta - alpha)
                c, s = math.cos(angle), math.sin(angle)
                for pair in (columns, v):
                    pair[p], pair[q] = (
                        [c * y - s * z for y, z in zip(pair[p], pair[q], strict=True)],
                        [s * y + c * z for y, z in zip(pair[p], pair[q], strict=True)],
                    )
    values = [math.sqrt(sum(y * y for y in column)) for column in columns]
    order = sorted(range(m), key=lambda i: -values[i])
    left = [[y / values[i] if values[i] else 0.0 for y in columns[i]] for i in order]
    return transpose(matrix(left)), [values[i] for i in order], transpose(matrix([v[i] for i in order]))


def orthogonalize(x):
    u, values, v = singular(x)
    kept = [[y * (s > values[0] * max(x.shape) * sys.float_info.epsilon) for y, s in zip(row, values, strict=True)] for row in u.rows()]
    return matmul(matrix(kept), transpose(v))


def left_singular_vectors(x, r):
    columns = zip(*singular(x)[0].rows(), strict=True)
    signed = [[y * sign(max(c, key=abs)) for y in c] for c in columns]
    return transpose(matrix(signed[: int(r.entries[0])]))


def inverse_root(x, p):
    values, v = eigen(x)
    scaled = [[y * power(value, -1 / p.entries[0]) for y, value in zip(row, values, strict=True)] for row in v.rows()]
    return matmul(matrix(scaled), transpose(v))


def qr(x):
    """Q by Gram and Schmidt, twice for its rounding; LAPACK may give columns with the other sign."""
    done = []
    for column in zip(*x.rows(), strict=True):
        v = list(column)
        for _ in range(2):
            for q in done:
                share = sum(a * b for a, b in zip(q, v, strict=True))
                v = [a - share * b for a, b in zip(v, q, strict=True)]
        length = math.sqrt(sum(a * a for a in v))
        done.append([a / length for a in v])
    return transpose(matrix(done))


def newton_schulz(x, a, b, c, steps):
    tall = x.shape[0] > x.shape[1]
    x = transpose(x) if tall else x
    length = REDUCED["norm"](x.entries) or 1.0
    x = Array(x.shape, [y / length for y in x.entries])
    a, b, c = (v.entries[0] for v in (a, b, c))
    for _ in range(int(steps.entries[0])):
        gram = matmul(x, transpose(x))
        both = each(lambda y, z: b * y + c * z, gram, matmul(gram, gram))
        x = each(lambda y, z: a * y + z, x, matmul(both, x))
    return transpose(x) if tall else x


def number(x):
    return Array((), [x])


def length(x, axis):
    return number(x.shape[axis] if len(x.shape) >= 2 else 1)


OTHERS = {
    "dot": lambda x, y: number(sum(a * b for a, b in zip(x.entries, y.entries, strict=True))),
    "size": lambda x: number(len(x.entries)),
    "rows": lambda x: length(x, -2),
    "cols": lambda x: length(x, -1),
    "channels": lambda x: number(x.shape[0] if x.shape else 1),
    "trace": lambda x: number(sum(x.rows()[i][i] for i in range(min(x.shape)))),
    "diagonal": lambda x: Array((min(x.shape),), [x.rows()[i][i] for i in range(min(x.shape))]),
    "upper_triangle": lambda x: matrix([[v * (j >= i) for j, v in enumerate(row)] for i, row in enumerate(x.rows())]),
    "identity": lambda n: identity(int(n.entries[0])),
    "outer": lambda x, y: matrix([[a * b for b in y.entries] for a in x.entries]),
    "transpose": transpose,
    "matmul": matmul,
    "inverse": inverse,
    "inverse_root": inverse_root,
    "eigenvectors": lambda x: eigen(x)[1],
    "qr": qr,
    "orthogonalize": orthogonalize,
    "left_singular_vectors": left_singular_vectors,
    "newton_schulz": newton_schulz,
}


def along(kind, what, x):
    """A reduction along rows, columns or channels; the axis stays with length 1."""
    act = REDUCED[what]
    if kind == "col":
        return matrix([[act(column) for column in zip(*x.rows(), strict=True)]])
    return matrix([[act(row)] for row in x.rows()])  # of two axes, a channel is a row


class Run:
    """One case of a file, step by step."""

    def __init__(self, optimizer, case):
        hyper = {k: tuple(v) if isinstance(v, list) else v for k, v in case["hyperparameters"].items()}
        self.hyper = scalars(optimizer, hyper)
        self.equations = scoped(optimizer)
        self.initial = [Array.of(x) for x in case["start"]]
        self.thetas, self.t, self.asked = list(self.initial), 0, []
        self.slots = optimizer.state
        self.memory, self.before, self.now = {}, None, {"theta": self.initial}
        for slot in self.slots:
            members = self.members(slot.applies_to)
            values = [number(0)] * len(members) if slot.name == "g" else self.value(parsed_expression(slot.start), members)
            row = self.memory.setdefault(slot.name, [None] * len(self.initial))
            for i, value in zip(members, values, strict=True):
                row[i] = value.spread(self.shape(slot.shape, self.initial[i]))

    def shape(self, shape, theta):
        if isinstance(shape, str):
            return theta.shape if shape == "parameter" else ()
        rows, cols = (1, 1, *theta.shape)[-2:] if len(theta.shape) >= 2 else (1, 1)
        known = {**self.hyper, "size": len(theta.entries), "rows": rows, "cols": cols}
        return tuple(x if isinstance(x, int) else int(known[x]) for x in shape)

    def members(self, scope):
        return [i for i, x in enumerate(self.initial) if scope == "all" or (len(x.shape) >= 2) == (scope == "matrices")]

    def step(self, given):
        """One step with what the file gives; the new parameters."""
        self.t += 1
        self.asked = list(given.get("asked", ()))
        self.now = {"g": [Array.of(x) for x in given["gradients"]]} if "gradients" in given else {}
        self.before = {**self.memory, "theta": self.thetas}
        for equation, scope in self.equations:
            members = self.members(scope)
            row = self.now.setdefault(equation.target.id, [None] * len(self.initial))
            for i, value in zip(members, self.value(equation.value, members), strict=True):
                row[i] = value
        assert not self.asked, f"never asked for: {self.asked[0]['ask']}"
        for name, row in self.memory.items():
            self.memory[name] = [None if old is None else self.now[name][i].spread(old.shape) for i, old in enumerate(row)]
        self.thetas = [new.spread(old.shape) for new, old in zip(self.now["theta"], self.thetas, strict=True)]
        return self.thetas

    def value(self, node, members):
        """One value for each tensor of `members`."""
        match node:
            case Number(value=x):
                return [number(x)] * len(members)
            case Name(id=name, time=None):
                if name == "theta":
                    return [self.now["theta"][i] for i in members]
                known = {"t": self.t, "pi": math.pi, "inf": math.inf}
                return [number(known[name] if name in known else self.hyper[name])] * len(members)
            case Name(id=name, time=time):
                table = {"t": self.now, "t-1": self.before, "0": {"theta": self.initial}}[time]
                return [table[name][i] for i in members]
            case Unary(operator=operator, operand=operand):
                act = ENTRYWISE["negative" if operator == "-" else operator]
                return [each(act, x) for x in self.value(operand, members)]
            case Binary(operator=operator, left=left, right=right):
                pairs = zip(self.value(left, members), self.value(right, members), strict=True)
                return [each(ENTRYWISE[operator], x, y) for x, y in pairs]
            case Call(function=function, arguments=arguments):
                return self.call(function, [self.value(a, members) for a in arguments], members)
        raise TypeError(node)

    def call(self, function, columns, members):
        if function == "total":
            return [number(sum(sum(x.entries) for x in columns[0]))] * len(members)
        if function in JOINT:
            return self.answer(function, columns)
        rows = list(zip(*columns, strict=True))
        if function in ("rademacher", "gaussian", "gaussian_matrix"):
            kind = "rademacher" if function == "rademacher" else "gaussian"
            return [self.draw(kind, [int(x.entries[0]) for x in xs] if function == "gaussian_matrix" else list(xs[0].shape)) for xs in rows]
        if function in ENTRYWISE:
            return [each(ENTRYWISE[function], *xs) for xs in rows]
        if function in REDUCED:
            return [number(REDUCED[function](xs[0].entries)) for xs in rows]
        if function in OTHERS:
            return [OTHERS[function](*xs) for xs in rows]
        kind, _, what = function.partition("_")
        return [along(kind, what, xs[0]) for xs in rows]

    def answer(self, kind, columns):
        """What the file answers; the question must be the one that was asked there."""
        record = self.asked.pop(0)
        assert record["ask"] == kind, (record["ask"], kind)
        for name, column in zip((k for k in record if k not in ("ask", "answer")), columns, strict=True):
            assert distance(column, [Array.of(x) for x in record[name]]) < 1e-6, f"{kind} was asked at another point"
        if kind == "value":
            return [number(record["answer"])] * len(self.initial)
        return [Array.of(x) for x in record["answer"]]

    def draw(self, kind, shape):
        record = self.asked.pop(0)
        assert (record["ask"], record["kind"], record["shape"]) == ("draw", kind, shape)
        return Array.of(record["answer"]) if shape else number(record["answer"])


def distance(ours, theirs):
    """The largest difference, relative where numbers are larger than 1; infinite where only one side is a number."""
    worst = 0.0
    for a, b in zip(ours, theirs, strict=True):
        assert a.shape == b.shape
        size = max([1.0, *(abs(y) for y in b.entries if math.isfinite(y))])
        for x, y in zip(a.entries, b.entries, strict=True):
            same = x == y or (x != x and y != y)
            worst = max(worst, 0.0 if same else abs(x - y) / size if math.isfinite(x - y) else math.inf)
    return worst


def read(path):
    """A golden file; the words for what is no finite number become numbers."""

    def numbers(x):
        if isinstance(x, dict):
            return {k: v if k in ("ask", "kind") else numbers(v) for k, v in x.items()}
        return [numbers(v) for v in x] if isinstance(x, list) else float(x) if x in ("nan", "inf", "-inf") else x

    data = json.loads(Path(path).read_text("utf-8"))
    return {**data, "cases": numbers(data["cases"])}


def replay(optimizer, data):
    """How far the parameters of a file are from what the equations, or a rule of `golden_rules`, make of what it gives."""
    worst = 0.0
    for case in data["cases"]:
        if not is_executable(optimizer):
            for ours, step in zip(RULES[optimizer.id](case["hyperparameters"], case["start"], case["steps"]), case["steps"], strict=True):
                worst = max(worst, distance([Array.of(ours)], [Array.of(flat(step["parameters"]))]))
            continue
        run = Run(optimizer, case)
        for step in case["steps"]:
            worst = max(worst, distance(run.step(step), [Array.of(x) for x in step["parameters"]]))
    return worst


if __name__ == "__main__":
    catalog, _ = load_catalog(Path(sys.argv[1]))
    found = {}
    for path in sys.argv[2:]:
        o = catalog.optimizers[Path(path).stem]
        found[o.id] = replay(o, read(path))
    print(json.dumps(found))
