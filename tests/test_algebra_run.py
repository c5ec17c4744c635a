"""The interpreter: every function against another way of computing it, and programs of slots, scopes and objectives."""

import inspect
import math

import numpy as np
import pytest
from algebra_trees import trees
from hypothesis import given, settings
from hypothesis import strategies as st

from tools.algebra import AlgebraError, parse_equation, parse_expression
from tools.algebra.functions import FUNCTIONS, JOINT, RANDOM
from tools.algebra.numeric import MEANING, OPERATORS
from tools.algebra.run import LEAST_WORK, MOST_ENTRIES, Program, Slot
from tools.algebra.tree import Equation, Name

RNG = np.random.default_rng(7)
A = RNG.standard_normal((4, 3))
B = RNG.standard_normal((3, 4))
X = RNG.standard_normal((2, 3, 4, 5))
V = RNG.standard_normal(5)
S = A @ A.T + np.eye(4)  # symmetric, positive definite
HYPER = {"lr": 0.1, "beta1": 0.9, "k": 2, "none": None, "word": "cubic", "flag": True}


class Bowl:
    """f = sum of c*x**2/2 over all tensors; the full gradient is 10 times the gradient. Counts what it is asked."""

    def __init__(self, curvature=3.0):
        self.c, self.asked = curvature, []

    def value(self, thetas):
        self.asked.append("value")
        return sum(float((self.c * x * x / 2).sum()) for x in thetas)

    def gradient(self, thetas):
        self.asked.append("gradient")
        return [self.c * x for x in thetas]

    def full_gradient(self, thetas):
        self.asked.append("full_gradient")
        return [10 * self.c * x for x in thetas]

    def hvp(self, thetas, vectors):
        self.asked.append("hvp")
        return [self.c * v for v in vectors]


def program(*lines, slots=(), hyper=HYPER, **given_):
    """Lines with their scope behind `@`; slots as (name, shape, start, scope)."""
    equations = [(parse_equation(text), scope or "all") for text, _, scope in (line.partition(" @") for line in lines)]
    full = [(*slot, *("0", "all")[len(slot) - 2 :]) for slot in slots]
    return Program(equations, [Slot(n, shape, parse_expression(start), scope) for n, shape, start, scope in full], hyper, **given_)


def evaluate(text, g, **given_):
    """What an expression is worth for one tensor with this gradient."""
    run = program(f"y[t] = {text}", "theta[t] = theta[t-1]", **given_)
    run.step([np.zeros_like(g)], [g])
    return run.latest["y"][0]


def close(found, wanted):
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-12)


# --- operators and functions


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("2 + 3*4", 14),
        ("2 - 3 - 4", -5),
        ("2**3**2", 512),
        ("-2**2", -4),
        ("(-8)**(1/3)", math.nan),
        ("7 % 3", 1),
        ("-7 % 3", 2),
        ("1/0", math.inf),
        ("0/0", math.nan),
        ("inf - inf", math.nan),
        ("10**10**10", math.inf),
        ("cos(pi)", -1),
        ("t", 1),
        ("(1 < 2) + (2 <= 2) + (3 > 2) + (2 >= 3) + (1 == 1) + (1 != 1)", 4),
        ("(1 and 2) + (0 or 3) - (0 and 1)", 2),
        ("-(1 < 2)", -1),
        ("(1 < 2) - (3 > 2)", 0),
        ("flag*3", 3),
        ("where(-1, 2, 3) + 10*where(0, 2, 3)", 32),
        ("beta1 + lr", 1.0),
        ("rows(g[t])*10 + cols(g[t]) + size(g[t])*100 + channels(g[t])*10000", 41243),
    ],
)
def test_arithmetic(text, wanted):
    close(evaluate(text, A), wanted)


@pytest.mark.parametrize("value", [0, 1, 0.5, 2])
def test_not(value):
    close(evaluate(f"where(not {value}, 1, 0)", V), float(value == 0))


def _roots(a, p):
    """inverse_root by Newton's iteration on p-th roots of the eigenvalues of a general solver."""
    values, vectors = np.linalg.eig(a)
    return vectors @ np.diag(values ** (-1.0 / p)) @ np.linalg.inv(vectors)


def _unrolled_newton_schulz(x, a, b, c, steps):
    x = x / math.sqrt(sum(v * v for v in x.ravel()))
    for _ in range(steps):
        x = a * x + b * (x @ x.T) @ x + c * (x @ x.T) @ (x @ x.T) @ x
    return x


def _gram_polar(x):
    """The polar factor as X (XᵀX)^(-1/2)."""
    return x @ _roots(x.T @ x, 2)


# text with g[t], the gradient, and the value by other means
ELEMENTWISE = [
    ("sqrt(abs(g[t]))", lambda g: abs(g) ** 0.5),
    ("cbrt(g[t])", lambda g: np.sign(g) * abs(g) ** (1 / 3)),
    ("exp(g[t])", lambda g: math.e**g),
    ("log(abs(g[t]))", lambda g: np.vectorize(math.log)(abs(g))),
    ("abs(g[t])", lambda g: np.where(g < 0, -g, g)),
    ("sign(g[t])", lambda g: g / abs(g)),
    ("floor(g[t])", lambda g: np.vectorize(math.floor)(g)),
    ("tanh(g[t])", lambda g: 1 - 2 / (math.e ** (2 * g) + 1)),
    ("sigmoid(g[t])", lambda g: (1 + np.tanh(g / 2)) / 2),
    ("cos(g[t])", lambda g: np.vectorize(math.cos)(g)),
    ("arccos(tanh(g[t]))", lambda g: np.vectorize(math.acos)(np.tanh(g))),
    ("minimum(g[t], 0.2)", lambda g: np.where(g < 0.2, g, 0.2)),
    ("maximum(g[t], 0.2)", lambda g: np.where(g > 0.2, g, 0.2)),
    ("clip(g[t], -0.3, 0.4)", lambda g: np.clip(g, -0.3, 0.4)),
    ("where(g[t] > 0, 1, -g[t])", lambda g: np.array([1 if x > 0 else -x for x in g.ravel()]).reshape(g.shape)),
]
SCALAR = [
    ("norm(g[t])", lambda g: math.sqrt(math.fsum(x * x for x in g.ravel()))),
    ("norm1(g[t])", lambda g: math.fsum(abs(x) for x in g.ravel())),
    ("max_abs(g[t])", lambda g: max(abs(x) for x in g.ravel())),
    ("sum(g[t])", lambda g: math.fsum(g.ravel())),
    ("mean(g[t])", lambda g: math.fsum(g.ravel()) / g.size),
    ("rms(g[t])", lambda g: math.sqrt(math.fsum(x * x for x in g.ravel()) / g.size)),
    ("size(g[t])", lambda g: math.prod(g.shape)),
    ("total(g[t])", lambda g: math.fsum(g.ravel())),
    ("dot(g[t], g[t] + 1)", lambda g: math.fsum(x * (x + 1) for x in g.ravel())),
]
MATRIX = [
    ("rows(g[t])", A, 4),
    ("cols(g[t])", A, 3),
    ("channels(g[t])", A, 4),
    ("rows(g[t])", X, 4),
    ("cols(g[t])", X, 5),
    ("channels(g[t])", X, 2),
    ("rows(g[t])", V, 1),
    ("cols(g[t])", V, 5),
    ("channels(g[t])", V, 5),
    ("rows(g[t]) + cols(g[t]) + channels(g[t])", np.array(2.0), 3),
    ("trace(g[t])", S, sum(S[i, i] for i in range(4))),
    ("row_mean(g[t])", A, [[sum(r) / 3] for r in A]),
    ("row_sum(g[t])", A, A @ np.ones((3, 1))),
    ("row_norm(g[t])", A, [[math.hypot(*r)] for r in A]),
    ("row_max(g[t])", A, [[max(r)] for r in A]),
    ("col_mean(g[t])", A, [[sum(c) / 4 for c in A.T]]),
    ("col_sum(g[t])", A, np.ones((1, 4)) @ A),
    ("col_norm(g[t])", A, [[math.hypot(*c) for c in A.T]]),
    ("col_max(g[t])", A, [[max(c) for c in A.T]]),
    ("channel_mean(g[t])", A, [[sum(r) / 3] for r in A]),
    ("channel_mean(g[t])", X, np.array([x.ravel().sum() / 60 for x in X]).reshape(2, 1, 1, 1)),
    ("channel_sum(g[t])", X, np.array([math.fsum(x.ravel()) for x in X]).reshape(2, 1, 1, 1)),
    ("channel_norm(g[t])", X, np.array([math.hypot(*x.ravel()) for x in X]).reshape(2, 1, 1, 1)),
    ("row_mean(g[t])", X, np.einsum("abcd->abc", X)[..., None] / 5),
    ("row_max(-abs(g[t]))", X, np.sort(-abs(X), axis=3)[:, :, :, -1:]),
    ("col_max(-abs(g[t]))", X, np.sort(-abs(X), axis=2)[:, :, -1:, :]),
    ("col_norm(g[t])", X, np.sqrt(np.einsum("abcd,abcd->abd", X, X))[:, :, None, :]),
    ("transpose(g[t])", A, A.T),
    ("transpose(g[t])", X, np.moveaxis(X, 3, 2)),
    ("identity(rows(g[t]))", A, np.diag(np.ones(4))),
    ("inverse(g[t])", S, np.linalg.solve(S, np.diag(np.ones(4)))),
    ("orthogonalize(g[t])", A, _gram_polar(A)),
    ("matmul(transpose(orthogonalize(g[t])), orthogonalize(g[t]))", A, np.eye(3)),
    ("diagonal(g[t])", S, [S[i, i] for i in range(4)]),
    ("upper_triangle(g[t])", S, [[S[i, j] if i <= j else 0 for j in range(4)] for i in range(4)]),
    ("inverse_root(g[t], 4)", S, _roots(S, 4)),
    ("inverse_root(g[t], 1)", S, np.linalg.solve(S, np.eye(4))),
    ("outer(g[t], g[t] + 1)", V, [[x * (y + 1) for y in V] for x in V]),
    ("outer(g[t], 2)", A, [[2 * x] for x in A.ravel()]),
    ("matmul(g[t], transpose(g[t]))", A, np.einsum("ij,kj->ik", A, A)),
    ("matmul(g[t], transpose(g[t]), g[t], transpose(g[t]))", A, np.linalg.multi_dot([A, A.T, A, A.T])),
    ("matmul(g[t], transpose(g[t]))", X, np.einsum("abij,abkj->abik", X, X)),
    ("newton_schulz(g[t], 3.4445, -4.775, 2.0315, 5)", B, _unrolled_newton_schulz(B, 3.4445, -4.775, 2.0315, 5)),
    ("newton_schulz(g[t], 1.5, -0.5, 0, 40)", A, _gram_polar(A)),
    ("newton_schulz(g[t], 3.4445, -4.775, 2.0315, 3)", A, _unrolled_newton_schulz(A.T, 3.4445, -4.775, 2.0315, 3).T),
    ("newton_schulz(0*g[t], 3.4445, -4.775, 2.0315, 5)", A, np.zeros((4, 3))),
]


@pytest.mark.parametrize(("text", "wanted"), ELEMENTWISE + SCALAR, ids=[t for t, _ in ELEMENTWISE + SCALAR])
@pytest.mark.parametrize("g", [V, A, X, np.array(-0.7)], ids=["vector", "matrix", "4d", "number"])
def test_a_function_of_entries(text, wanted, g):
    found = evaluate(text, g)
    close(found, wanted(g))
    assert found.shape == (g.shape if (text, wanted) in ELEMENTWISE else ())


@pytest.mark.parametrize(("text", "g", "wanted"), MATRIX, ids=[f"{t}-{g.shape}" for t, g, _ in MATRIX])
def test_a_function_of_axes(text, g, wanted):
    found = evaluate(text, g)
    close(found, wanted)
    assert found.shape == np.shape(wanted)


def test_decompositions_by_their_properties():
    vectors = evaluate("eigenvectors(g[t])", S)
    close(vectors.T @ vectors, np.eye(4))
    diagonal = vectors.T @ S @ vectors
    close(diagonal, np.diag(np.diag(diagonal)))
    assert (np.diff(np.diag(diagonal)) > 0).all()  # ascending
    q = evaluate("qr(g[t])", A)
    close(q.T @ q, np.eye(3))
    close(np.tril(q.T @ A, -1), np.zeros((3, 3)))
    u = evaluate("left_singular_vectors(g[t], k)", A)
    assert u.shape == (4, 2)
    lengths = np.sort(np.linalg.eigvalsh(A @ A.T))[::-1]
    close((A @ A.T) @ u, u * lengths[:2])
    assert (u[np.abs(u).argmax(axis=0), range(2)] > 0).all()  # the free sign is fixed
    batch = evaluate("left_singular_vectors(g[t], k)", X)
    assert batch.shape == (2, 3, 4, 2)


def test_batches_of_square_matrices():
    stack = np.stack([S, 2 * S])
    close(evaluate("trace(g[t])", stack), np.array([np.trace(S), 2 * np.trace(S)]).reshape(2, 1, 1))
    close(evaluate("inverse_root(g[t], 2)", stack)[1], _roots(2 * S, 2))
    close(evaluate("diagonal(g[t])", stack)[1], 2 * np.diag(S))


@pytest.mark.parametrize("name", sorted(FUNCTIONS.keys() - RANDOM - {"value", "gradient", "full_gradient", "hvp", "inner_step"}))
def test_every_function_is_tested(name):
    decomposed = inspect.getsource(test_decompositions_by_their_properties)
    assert any(f"{name}(" in text for text, *_ in [*ELEMENTWISE, *SCALAR, *MATRIX]) or f"{name}(" in decomposed


def test_the_tables_agree():
    assert MEANING.keys() | JOINT | RANDOM == FUNCTIONS.keys()
    assert len(OPERATORS) == 15


def test_random_draws():
    def draw(kind, shape):
        asked.append((kind, shape))
        return np.full(shape, 5.0)

    asked = []
    for text, shape in [("rademacher(g[t])", (4, 3)), ("gaussian(g[t])", (4, 3)), ("gaussian_matrix(k, rows(g[t]))", (2, 4))]:
        close(evaluate(text, A, draw=draw), np.full(shape, 5.0))
    assert asked == [("rademacher", (4, 3)), ("gaussian", (4, 3)), ("gaussian", (2, 4))]
    signs = evaluate("rademacher(g[t])", X)
    assert set(signs.ravel()) == {-1.0, 1.0}
    close(signs, evaluate("rademacher(g[t])", X))  # from a fixed seed
    normal = evaluate("gaussian(g[t])", np.zeros((100, 100)))
    assert abs(normal.mean()) < 0.05
    assert abs(normal.std() - 1) < 0.05


def test_draws_of_one_run_differ():
    run = program("z[t] = gaussian(g[t])", "theta[t] = z[t]")
    first = run.step([V], [V])
    assert not np.array_equal(first, run.step(first, [V]))


@pytest.mark.parametrize(
    "text",
    ["orthogonalize(g[t])", "eigenvectors(g[t])", "qr(g[t])", "inverse_root(g[t], 4)", "inverse(g[t])", "newton_schulz(g[t], 1, 1, 1, 2)",
     "left_singular_vectors(g[t], 3)"],
)  # fmt: skip
@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_what_is_not_finite_stays_so(text, bad):
    g = S.copy()
    g[1, 2] = g[2, 1] = bad
    found = evaluate(text, g)
    assert not np.isfinite(found).all()
    assert found.shape == ((4, 3) if "left" in text else (4, 4))


# --- what cannot be computed


@pytest.mark.parametrize(
    ("text", "g", "col", "words"),
    [
        ("row_mean(g[t])", V, 7, "row_mean cannot take values of shape (5,): rows, columns and channels need two axes"),
        ("col_norm(g[t])", np.array(1.0), 7, "need two axes"),
        ("channel_mean(g[t])", V, 7, "channel_mean cannot take values of shape (5,): rows, columns and channels need two axes"),
        ("channel_sum(g[t])", np.array(1.0), 7, "channels need two axes"),
        ("channel_norm(lr)", A, 7, "channels need two axes"),
        ("1 + transpose(g[t])", V, 11, "a transpose needs two axes"),
        ("g[t] + transpose(g[t])", A, 7, "+ cannot take values of shape (4, 3) and (3, 4): the shapes do not fit"),
        ("dot(g[t], transpose(g[t]))", A, 7, "the shapes do not fit"),
        ("matmul(g[t], g[t])", A, 7, "inner lengths of a product of matrices must agree"),
        ("matmul(g[t], 2)", A, 7, "needs axes"),
        ("inverse(g[t])", A, 7, "must be square"),
        ("inverse(0*g[t])", S, 7, "Singular matrix"),
        ("inverse(g[t])", V, 7, "a matrix has two axes"),
        ("orthogonalize(g[t])", V, 7, "a matrix has two axes"),
        ("newton_schulz(g[t], 1, 1, 1, 2)", V, 7, "a matrix has two axes"),
        ("newton_schulz(g[t], g[t], 1, 1, 2)", A, 7, "single numbers"),
        ("newton_schulz(g[t], 1, 1, 1, 101)", A, 7, "at most 100 steps"),
        ("newton_schulz(g[t], 1, 1, 1, inf)", A, 7, "whole number"),
        ("newton_schulz(g[t], 1, 1, 1, 0/0)", A, 7, "whole number"),
        ("inverse_root(g[t], g[t])", S, 7, "single numbers"),
        ("left_singular_vectors(g[t], 1.5)", A, 7, "whole number"),
        ("left_singular_vectors(g[t], -1)", A, 7, "whole number"),
        ("diagonal(g[t])", V, 7, "a matrix has two axes"),
        ("upper_triangle(g[t])", V, 7, "a matrix has two axes"),
        ("trace(g[t])", V, 7, "a matrix has two axes"),
        ("identity(0.5)", A, 7, "the size must be a whole number"),
        ("identity(-1)", A, 7, "whole number"),
        ("identity(g[t])", A, 7, "whole number"),
        ("identity(inf)", A, 7, "whole number"),
        ("identity(0/0)", A, 7, "whole number"),
        ("identity(1e300)", A, 7, "entries; at most 1000000 are allowed"),
        ("identity(1001)", A, 7, "1002001 entries; at most 1000000 are allowed"),
        ("gaussian_matrix(1e9, 1e9)", A, 7, "entries; at most"),
        ("gaussian_matrix(2, g[t])", A, 7, "whole number"),
        ("outer(identity(50), identity(50))", A, 7, "6250000 entries; at most"),
        ("none + 1", V, 7, "none has no value; a hyperparameter without a default must be set"),
        ("word + 1", V, 7, "word is 'cubic'; only numbers"),
        ("theta", V, 7, "theta has no value"),
        ("nosuch[t]", V, 7, "nosuch[t] has no value here"),
        ("g[t-1]", V, 7, "g[t-1] has no value here"),
        ("value(theta[t-1])", V, 7, "value needs an objective; a tape of gradients has none"),
    ],
)
def test_an_error_names_the_place_and_the_reason(text, g, col, words):
    with pytest.raises(AlgebraError) as caught:
        evaluate(text, g)
    assert words in caught.value.message
    assert (caught.value.col, caught.value.equation, caught.value.slot) == (col, 0, None)


HUGE = [
    "matmul(identity(900), identity(900))",
    "+".join(["sum(matmul(identity(400), identity(400)))"] * 30),
    "sum(" + "*".join(["exp(identity(990))"] * 50) + ")",
    "sum(orthogonalize(identity(900)))",
    "sum(eigenvectors(gaussian_matrix(600, 600)))",
    "sum(newton_schulz(identity(300), 1, 1, 1, 100))",
    "+".join(["(" + "+".join(["sum(inverse(identity(180)))"] * 9) + ")"] * 9),
    "sum(gaussian_matrix(1000, 1) + gaussian_matrix(1, 1001))",
    "outer(outer(identity(10), identity(10)), outer(identity(4), identity(4)))",
    "sum(" + "+".join(["outer(gaussian_matrix(999, 1), gaussian_matrix(999, 1))"] * 45) + ")",
    "cos(10**10**10**10**10)",
]


@pytest.mark.parametrize("text", HUGE[:-1], ids=[t[:40] for t in HUGE[:-1]])
def test_a_hostile_expression_ends_in_an_error_before_it_grows(text):
    with pytest.raises(AlgebraError, match=r"at most|too much work"):
        evaluate(text, A)


def test_the_limits_follow_what_comes_in():
    assert np.isnan(evaluate(HUGE[-1], A))
    large = np.ones((2000, 600))
    assert large.size > MOST_ENTRIES
    close(evaluate("sum(g[t]*2)", large), 2 * large.size)
    work = 40 * large.size * 10
    assert work > LEAST_WORK
    close(evaluate("sum(" + "+".join(["g[t]"] * 40) + ")", large), 40 * large.size)
    close(evaluate("sum(matmul(g[t], transpose(g[t])))", large[:1000]), 1000 * 1000 * 600)


@settings(deadline=None, max_examples=200)
@given(
    trees,
    st.lists(st.sampled_from([(), (3,), (2, 3), (3, 2), (3, 3), (1, 3), (0,), (0, 3), (2, 1, 3, 3)]), min_size=1, max_size=3),
    st.sampled_from([0.0, 1.0, -1e-9, 1e200, math.nan, math.inf]),
)
def test_any_tree_on_any_tensors_is_an_array_or_an_error(tree, shapes, scale):
    rng = np.random.default_rng(len(shapes))
    thetas = [rng.standard_normal(s) for s in shapes]
    run = Program(
        [(Equation(Name("u", "t"), tree), "all"), (parse_equation("m[t] = g[t]"), "all"), (parse_equation("theta[t] = theta[t-1]"), "all")],
        [Slot(n, "parameter", parse_expression("0")) for n in ("m", "g")],
        HYPER,
        objective=Bowl(),
    )
    try:
        for _ in range(2):
            thetas = run.step(thetas, [scale * rng.standard_normal(s) for s in shapes])
    except AlgebraError:
        pass
    else:
        assert len(run.latest["u"]) == len(shapes)
        assert all(isinstance(x, np.ndarray) and x.dtype == np.float64 and x.size <= MOST_ENTRIES for x in run.latest["u"])


# --- programs


def test_slots_have_their_shapes_and_starts():
    slots = [
        ("a", "parameter", "1"),
        ("b", "scalar", "lr"),
        ("c", ("rows", 1), "2", "matrices"),
        ("d", ("k", "cols"), "0", "matrices"),
        ("e", ("rows", "rows"), "lr*identity(rows(theta))", "matrices"),
        ("f", ("cols", "cols"), "identity(cols(theta))", "matrices"),
        ("h", "parameter", "theta", "vectors"),
        ("p", (7,), "k"),
        ("q", ("size",), "3"),
        ("g", "parameter", "5"),
    ]
    run = program(slots=slots)
    thetas = [A, V, X, np.array(4.0)]
    run.begin(thetas)
    shapes = {name: [None if x is None else x.shape for x in row] for name, row in run.memory.items()}
    assert shapes == {
        "a": [(4, 3), (5,), (2, 3, 4, 5), ()],
        "b": [()] * 4,
        "c": [(4, 1), None, (2, 3, 4, 1), None],
        "d": [(2, 3), None, (2, 3, 2, 5), None],
        "e": [(4, 4), None, (2, 3, 4, 4), None],
        "f": [(3, 3), None, (2, 3, 5, 5), None],
        "h": [None, (5,), None, ()],
        "p": [(7,)] * 4,
        "q": [(12,), (5,), (120,), (1,)],
        "g": [(4, 3), (5,), (2, 3, 4, 5), ()],
    }
    close(run.memory["e"][2][1, 2], 0.1 * np.eye(4))
    close(run.memory["h"][1], V)
    close(run.memory["g"][0], np.zeros((4, 3)))  # the last gradient starts at zero, whatever is said
    assert all(x is None or x.dtype == np.float64 for row in run.memory.values() for x in row)
    assert run.memory["h"][1] is not V


@pytest.mark.parametrize(
    ("slot", "words"),
    [
        (("m", "parameter", "identity(2)"), "the start value of m has shape (2, 2), which does not fill the slot's (5,)"),
        (("m", ("lr",), "0"), "need a whole number each"),
        (("m", ("nosuch",), "0"), "need a whole number each"),
        (("m", ("none",), "0"), "need a whole number each"),
        (("m", (-1,), "0"), "need a whole number each"),
        (("m", (10**9, 10**9), "0"), "the slot m is too large"),
        (("m", "parameter", "m[t]"), "m[t] has no value here"),
        (("m", "parameter", "gradient(theta)"), "needs an objective"),
        (("m", "parameter", "row_mean(theta)"), "need two axes"),
    ],
)
def test_a_slot_that_cannot_start_is_named(slot, words):
    with pytest.raises(AlgebraError) as caught:
        program(slots=[slot]).begin([V])
    assert words in caught.value.message
    assert caught.value.slot == "m"


def test_a_start_value_may_be_infinite():
    run = program(slots=[("m", "scalar", "1/0"), ("v", "scalar", "0/0")])
    run.begin([V])
    assert run.memory["m"][0] == math.inf


def test_slots_remember_and_theta_0_stays():
    run = program("m[t] = m[t-1] + g[t] - g[t-1]/2", "theta[t] = theta[0] + m[t]*t", slots=[("m", "parameter", "1"), ("g", "parameter")])
    thetas, m, last = [V, A], [np.ones(5), np.ones((4, 3))], [np.zeros(5), np.zeros((4, 3))]
    start = [V.copy(), A.copy()]
    for t in range(1, 5):
        gradients = [t * V, -t * A]
        thetas = run.step(thetas, gradients)
        m = [a + g - h / 2 for a, g, h in zip(m, gradients, last, strict=True)]
        last = gradients
        for found, s, a in zip(thetas, start, m, strict=True):
            close(found, s + a * t)
    assert run.t == 4
    run.begin([V])
    assert (run.t, run.latest, len(run.initial)) == (0, {}, 1)


def test_scopes_give_each_kind_of_tensor_its_lines():
    lines = ["u[t] = row_mean(g[t]) + 0*g[t] @matrices", "u[t] = -g[t] @vectors", "theta[t] = u[t]"]
    found = program(*lines).step([A, V, X, np.array(1.0)], [A, V, X, np.array(3.0)])
    close(found[0], np.broadcast_to(A.mean(1, keepdims=True), (4, 3)))
    close(found[1], -V)
    close(found[2], np.broadcast_to(X.mean(-1, keepdims=True), X.shape))
    close(found[3], -3.0)


def test_functions_of_the_whole_model():
    run = program("n[t] = total(g[t]**2)", "y[t] = total(theta[t-1]*g[t]) + total(1)", "theta[t] = theta[t-1]")
    run.step([A, V], [2 * A, 3 * V])
    wanted = 4 * (A**2).sum() + 9 * (V**2).sum()
    assert [x.shape for x in run.latest["n"]] == [(), ()]
    for x in run.latest["n"]:
        close(x, wanted)
    close(run.latest["y"][1], 2 * (A**2).sum() + 3 * (V**2).sum() + 2)


def test_an_objective_is_asked_for_all_tensors_at_once():
    bowl = Bowl()
    run = program(
        "f[t] = value(theta[t-1])",
        "a[t] = gradient(theta[t-1] + g[t])",
        "b[t] = full_gradient(theta[0])",
        "h[t] = hvp(theta[t-1], g[t])",
        "theta[t] = theta[t-1] - lr*a[t]",
        objective=bowl,
    )
    found = run.step([A, V], [2 * A, -V])
    assert bowl.asked == ["value", "gradient", "full_gradient", "hvp"]
    close(run.latest["f"][0], 1.5 * ((A**2).sum() + (V**2).sum()))
    close(run.latest["a"][0], 9 * A)
    close(run.latest["a"][1], 0 * V)
    close(run.latest["b"][1], 30 * V)
    close(run.latest["h"][0], 6 * A)
    close(found[0], A - 0.9 * A)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("a[t] = gradient(norm(g[t]))", "takes values of the parameters' shapes"),
        ("a[t] = gradient(theta[t-1]) @matrices", "must apply to all tensors"),
        ("a[t] = total(theta[t-1]) @vectors", "must apply to all tensors"),
    ],
)
def test_the_whole_model_needs_all_tensors(line, words):
    with pytest.raises(AlgebraError, match=words):
        program(line, "theta[t] = theta[t-1]", objective=Bowl()).step([A, V], [A, V])


def test_an_objective_of_other_shapes_is_refused():
    bowl = Bowl(curvature=np.ones((2, 1, 1)))
    with pytest.raises(AlgebraError, match="other shapes than the parameters"):
        program("a[t] = gradient(theta[t-1])", "theta[t] = a[t]", objective=bowl).step([A], [A])


def test_a_wrapper_works_on_the_step_of_its_inner_method():
    def inner(thetas, gradients, t):
        seen.append((t, thetas[0].sum()))
        steps = [-0.5 * g for g in gradients]
        for x in (*thetas, *gradients):
            x *= 0  # what it is given is its own
        return steps

    seen = []
    run = program("theta[t] = theta[t-1] + 2*inner_step(g[t])", inner=inner)
    thetas, g = [A.copy(), V.copy()], [A.copy(), V.copy()]
    found = run.step(thetas, g)
    close(found[0], 0 * A)
    close(run.step(found, g)[1], -V)
    assert seen == [(1, A.sum()), (2, 0)]
    close(g[0], A)
    close(thetas[0], A)


def test_a_wrapper_may_give_its_inner_method_another_gradient():
    lines = ["s[t] = gradient(2*theta[t-1])", "theta[t] = theta[t-1] + inner_step(s[t] + 1)"]
    found = program(*lines, objective=Bowl(3.0), inner=lambda thetas, gradients, t: [-0.5 * g for g in gradients]).step([A, V], [A, V])
    close(found[0], A - 0.5 * (6 * A + 1))
    close(found[1], V - 0.5 * (6 * V + 1))


@pytest.mark.parametrize(
    ("lines", "slots", "inner", "words"),
    [
        (["theta[t] = inner_step(g[t])"], [], None, "needs a wrapped method"),
        (["theta[t] = inner_step(norm(g[t]))"], [], lambda thetas, gradients, t: gradients, "takes values of the parameters' shapes"),
        (["theta[t] = inner_step(g[t])"], [], lambda thetas, gradients, t: [g[:1] for g in gradients], "other shapes than the parameters"),
        (["m[t] = 0", "theta[t] = g[t]"], [("m", "parameter", "inner_step(theta)")], lambda thetas, gradients, t: thetas, "of a step"),
    ],
)
def test_an_inner_step_that_cannot_be_taken(lines, slots, inner, words):
    with pytest.raises(AlgebraError, match=words):
        program(*lines, slots=slots, inner=inner).step([A], [A])


def test_no_array_is_shared_with_the_outside():
    run = program("m[t] = g[t]", "theta[t] = theta[t-1] + g[t-1]", slots=[("m", "parameter"), ("g", "parameter")])
    theta, g = V.copy(), V.copy()
    first = run.step([theta], [g])[0]
    kept = [run.memory["m"][0], run.memory["g"][0], run.initial[0], *(x for row in run.latest.values() for x in row)]
    assert len(kept) == 6
    assert not any(np.shares_memory(x, y) for x in (theta, g, first) for y in kept)
    assert not np.shares_memory(run.memory["m"][0], run.memory["g"][0])
    theta[:], g[:], first[:] = math.nan, math.nan, math.nan
    close(run.step([V], [V])[0], 2 * V)
    assert np.isfinite(run.initial[0]).all()


def test_everything_is_float64():
    run = program("m[t] = g[t] > 0", "n[t] = size(g[t])", "theta[t] = theta[t-1] - (g[t] > 0)", slots=[("m", "parameter")])
    found = run.step([np.array([1, 2], dtype=np.int32), np.float32(3)], [np.array([1, -1], dtype=np.float16), np.float32(0.1)])
    values = [*found, *run.initial, *(x for table in (run.memory, run.latest) for row in table.values() for x in row)]
    assert len(values) == 2 + 2 + 2 + 8
    assert all(isinstance(x, np.ndarray) and x.dtype == np.float64 for x in values)
    close(found[0], [0, 2])


def test_a_value_that_does_not_fit_its_slot_is_refused_with_its_line():
    run = program("u[t] = g[t]", "m[t] = identity(2)", "theta[t] = theta[t-1]", slots=[("m", "parameter")])
    with pytest.raises(AlgebraError, match=r"m\[t\] has shape \(2, 2\), but m\[t-1\] has \(5,\)") as caught:
        run.step([V], [V])
    assert caught.value.equation == 1
    with pytest.raises(AlgebraError, match=r"theta\[t\] has shape") as caught:
        program("theta[t] = identity(2) @matrices", "theta[t] = identity(2) @vectors").step([V], [V])
    assert caught.value.equation == 1


def test_a_smaller_value_fills_its_slot():
    run = program("m[t] = norm(g[t])", "theta[t] = m[t]", slots=[("m", "parameter")])
    close(run.step([V], [V])[0], np.full(5, np.linalg.norm(V)))
    assert run.latest["m"][0].shape == ()
    assert run.memory["m"][0].shape == (5,)


@pytest.mark.parametrize(
    ("lines", "name"), [(["m[t] = g[t]"], "theta"), (["theta[t] = g[t]"], "m"), (["m[t] = 1", "theta[t] = g[t] @matrices"], "theta")]
)
def test_what_no_line_sets_is_named(lines, name):
    with pytest.raises(AlgebraError, match=rf"no equation sets {name}\[t\] for a tensor of shape \(5,\)"):
        program(*lines, slots=[("m", "parameter")]).step([V], [V])


def test_shapes_stay_those_of_the_start():
    run = program("theta[t] = theta[t-1] - g[t]")
    with pytest.raises(ValueError, match="the shapes that the run began with"):
        run.step([V], [A])
    run.begin([V])
    with pytest.raises(ValueError, match="the shapes that the run began with"):
        run.step([V, V], [V, V])


def test_empty_tensors_and_an_empty_model():
    shapes = [(0,), (0, 3), (3, 0), (2, 0, 3, 3)]
    lines = ["m[t] = 0.9*m[t-1] + g[t]", "s[t] = rms(g[t]) + mean(g[t]) + max_abs(g[t]) + norm(g[t])", "theta[t] = theta[t-1] - s[t]*m[t]"]
    run = program(*lines, slots=[("m", "parameter")])
    empty = [np.zeros(s) for s in shapes]
    assert [x.shape for x in run.step(empty, empty)] == shapes
    assert [float(x) for x in run.latest["s"]] == [0.0] * 4
    for text in ("row_mean(g[t])", "col_mean(g[t])", "channel_mean(g[t])", "row_max(g[t])", "col_max(g[t])", "orthogonalize(g[t])",
                 "newton_schulz(g[t], 1, 1, 1, 2)"):  # fmt: skip
        assert np.isfinite(evaluate(text, np.zeros((3, 0)))).all()
        assert np.isfinite(evaluate(text, np.zeros((0, 3)))).all()
    assert evaluate("left_singular_vectors(g[t], 2)", np.zeros((0, 3))).size == 0
    none = program("n[t] = total(g[t])", "theta[t] = theta[t-1]")
    assert none.step([], []) == []
