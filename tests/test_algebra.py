"""The algebra's texts and trees: what parses, what is refused and where, and whether equations fit together."""

import keyword
import re
from pathlib import Path

import pytest
from algebra_trees import equations, trees
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tools.algebra import AlgebraError, Equation, parse_equation, parse_expression, source
from tools.algebra.functions import CONSTANTS, FUNCTIONS, JOINT, OBJECTIVE, RANDOM
from tools.algebra.names import Fault, faults, read
from tools.algebra.parse import MOST_CHARACTERS, MOST_DEPTH, MOST_NODES
from tools.algebra.tree import Binary, Call, Name, Number, Unary
from tools.catalog.loader import load_catalog

ROOT = Path(__file__).parent.parent
CATALOG = load_catalog(ROOT)[0]
LINES = sorted({e.math for o in CATALOG.optimizers.values() for e in o.equations if e.math})
MANY = settings(deadline=None, max_examples=120)


def refused(text, parse=parse_expression):
    """The error that a text ends in, which points into it."""
    with pytest.raises(AlgebraError) as caught:
        parse(text)
    error = caught.value
    assert 0 <= error.col <= len(text)
    assert error.message
    assert "\n" not in error.message
    assert str(error) == error.message
    return error


def depth(node):
    return 1 + max(map(depth, node.children), default=0)


def fits(tree):
    text = source(tree)
    return len(text) <= MOST_CHARACTERS and sum(1 for _ in tree.walk()) <= MOST_NODES and depth(tree) <= MOST_DEPTH


# --- text and tree


@MANY
@given(trees)
def test_a_printed_tree_parses_to_the_same_tree(tree):
    assume(fits(tree))
    assert parse_expression(source(tree)) == tree


@MANY
@given(equations)
def test_a_printed_equation_parses_to_the_same_equation(tree):
    assume(fits(tree))
    assert parse_equation(source(tree)) == tree


@pytest.mark.parametrize("line", LINES)
def test_the_catalogs_lines_survive_the_round_trip(line):
    tree = parse_equation(line)
    assert parse_equation(source(tree)) == tree
    assert source(parse_equation(source(tree))) == source(tree)


def test_the_catalog_has_lines():
    assert len(LINES) > 200


@pytest.mark.parametrize(
    ("text", "shortest"),
    [
        ("((a))", "a"),
        ("(a*b)*c", "a*b*c"),
        ("a*(b*c)", "a*(b*c)"),
        ("a-(b-c)", "a - (b - c)"),
        ("(a-b)-c", "a - b - c"),
        ("(-a)**b", "(-a)**b"),
        ("-(a**b)", "-a**b"),
        ("a**(-b)", "a**-b"),
        ("a**(b**c)", "a**b**c"),
        ("(a**b)**c", "(a**b)**c"),
        ("-(-a)", "--a"),
        ("not (not a)", "not not a"),
        ("not (a == b)", "not a == b"),
        ("(not a) == b", "(not a) == b"),
        ("a and (b and c)", "a and (b and c)"),
        ("(a and b) and c", "a and b and c"),
        ("(a or b) and c", "(a or b) and c"),
        ("a or (b and c)", "a or b and c"),
        ("(a < b) < c", "(a < b) < c"),
        ("a < (b + c)", "a < b + c"),
        ("a%(b*c)", "a % (b*c)"),
        ("where(t>1,m[t],0)", "where(t > 1, m[t], 0)"),
        ("1.50", "1.5"),
        ("1E-8", "1e-08"),
        (".5 + 2.", "0.5 + 2.0"),
    ],
)
def test_source_has_the_fewest_brackets(text, shortest):
    assert source(parse_expression(text)) == shortest
    assert parse_expression(shortest) == parse_expression(text)


def test_the_tree_of_an_equation():
    tree = parse_equation("m[t] = -b1*m[t-1] + sqrt(theta[0])")
    assert tree == Equation(
        Name("m", "t"),
        Binary("+", Binary("*", Unary("-", Name("b1")), Name("m", "t-1")), Call("sqrt", (Name("theta", "0"),))),
    )
    assert [n.col for n in tree.walk() if isinstance(n, Name)] == [0, 8, 11, 25]
    assert [n.id for n in read(tree)] == ["m", "b1", "m", "theta"]


def test_numbers_keep_their_kind():
    assert parse_expression("2") == Number(2)
    assert isinstance(parse_expression("2").value, int)
    assert isinstance(parse_expression("2.0").value, float)


# --- what is refused

LONG = "x" * 41
HOSTILE = [
    # text, column, a word of the message
    ("m.real", 1, "a dot is part of a number"),
    ("theta.__class__", 5, "a dot is part of a number"),
    ("__import__('os')", 11, "not part of the algebra"),
    ("__import__", 0, "names are up to 40 lower-case letters"),
    ("_", 0, "a letter first"),
    ("__builtins__[t]", 0, "a letter first"),
    ("Beta", 0, "lower-case letters"),
    (LONG, 0, "up to 40"),
    ("x" * 1999, 0, "up to 40"),
    ("lambda: 1", 0, "a word of Python"),
    ("lambda x: x", 0, "a word of Python"),
    ("(y := 1)", 3, "a time is one of"),
    ("[x for x in m]", 0, "behind a name only"),
    ("sum(x for x in m)", 6, "a word of Python"),
    ("{1, 2}", 0, "not part of the algebra"),
    ("{}", 0, "not part of the algebra"),
    ("f'{m}'", 1, "not part of the algebra"),
    ("b'm'", 1, "not part of the algebra"),
    ("'m'", 0, "not part of the algebra"),
    ('"""m"""', 0, "not part of the algebra"),
    ("sqrt(*m)", 5, "an operand is missing"),
    ("sqrt(**m)", 5, "an operand is missing"),
    ("sqrt(x=1)", 6, "without ="),
    ("sqrt(m[t], out)", 0, "takes 1 argument, not 2"),
    ("clip(m[t])", 0, "takes 3 arguments, not 1"),
    ("matmul(a, b, c, d, e)", 0, "takes 2 to 4 arguments, not 5"),
    ("sqrt()", 5, "empty brackets"),
    ("sqrt(a,)", 7, "an operand is missing"),
    ("sqrt(,a)", 5, "an operand is missing"),
    ("sqrt", 0, "needs its arguments in brackets"),
    ("sqrt + 1", 0, "needs its arguments in brackets"),
    ("sqroot(m[t])", 0, "use sqrt"),
    ("eval(m[t])", 0, "there is no function 'eval'; use"),
    ("exec(1)", 0, "there is no function 'exec'; use"),
    ("sqrt(1)(2)", 0, "only the functions of the algebra may be called"),
    ("m[t](1)", 0, "only the functions of the algebra may be called"),
    ("(a + b)[t]", 0, "only a name may carry a time"),
    ("m[t][t]", 0, "only a name may carry a time"),
    ("m[t:1]", 3, "a time is one of"),
    ("m[:]", 2, "a time is one of"),
    ("m[t,1]", 3, "a comma"),
    ("m[...]", 2, "a dot is part of a number"),
    ("...", 0, "a dot is part of a number"),
    ("m[-1]", 2, "a time is one of"),
    ("m[t-2]", 2, "a time is one of"),
    ("m[t+1]", 2, "a time is one of"),
    ("m[1-t]", 2, "a time is one of"),
    ("m[1]", 2, "a time is one of"),
    ("m[0.0]", 2, "a time is one of"),
    ("m[t-1.0]", 2, "a time is one of"),
    ("m[m[t]]", 2, "a time is one of"),
    ("m[]", 2, "empty brackets"),
    ("[t]", 0, "behind a name only"),
    ("()", 1, "empty brackets"),
    ("a, b", 1, "a comma"),
    ("(a, b)", 2, "a comma"),
    ("a b", 2, "an operator is missing before b"),
    ("2 a", 2, "an operator is missing before a"),
    ("2a", 0, "numbers are decimal"),
    ("(a)(b)", 0, "there is no function 'a'"),
    ("(a + b)(c)", 0, "only the functions of the algebra may be called"),
    ("a < b < c", 0, "`and` joins two of them"),
    ("a if b else c", 2, "write where(condition, a, b)"),
    ("True", 0, "write 1"),
    ("False", 0, "write 0"),
    ("None", 0, "a word of Python"),
    ("a is b", 2, "a word of Python"),
    ("a in b", 2, "a word of Python"),
    ("await m", 0, "a word of Python"),
    ("yield m", 0, "a word of Python"),
    ("import os", 0, "a word of Python"),
    ("del m[t]", 0, "a word of Python"),
    ("@m", 0, "write matmul(a, b)"),
    ("a @ b", 2, "write matmul(a, b)"),
    ("a ^ b", 2, "write a**b"),
    ("a // b", 2, "write floor(a/b)"),
    ("a & b", 2, "not part of the algebra"),
    ("a | b", 2, "not part of the algebra"),
    ("~a", 0, "not part of the algebra"),
    ("a << 2", 3, "an operand is missing"),
    ("a <> b", 3, "an operand is missing"),
    ("a ! b", 2, "not part of the algebra"),
    ("+a", 0, "only - and not"),
    ("a + not b", 4, "not an expression"),
    ("a not b", 2, "an operator is missing before not"),
    ("a = b", 2, "without ="),
    ("a; b", 1, "not part of the algebra"),
    ("a # note", 2, "the record's field `note`"),
    ("a \\", 2, "not part of the algebra"),
    ("a \\\n + b", 3, "plain ASCII on one line"),
    ("a\nb", 1, "plain ASCII on one line"),
    ("a\tb", 1, "plain ASCII on one line"),
    ("a\x00", 1, "plain ASCII on one line"),
    ("а + 1", 0, "plain ASCII on one line"),  # a Cyrillic a
    ("ﬁ", 0, "plain ASCII on one line"),
    ("１ + 1", 0, "plain ASCII on one line"),
    ("٣", 0, "plain ASCII on one line"),
    ("1 − 2", 2, "plain ASCII on one line"),
    ("β", 0, "plain ASCII on one line"),
    ("1j", 0, "numbers are decimal"),
    ("0x10", 0, "numbers are decimal"),
    ("0b1", 0, "numbers are decimal"),
    ("1_000", 0, "numbers are decimal"),
    ("0777", 0, "numbers are decimal"),
    ("1e", 0, "numbers are decimal"),
    ("1.2.3", 0, "numbers are decimal"),
    ("1.real", 0, "numbers are decimal"),
    ("1e999", 0, "inf for infinity"),
    ("9" * 400, 0, "inf for infinity"),
    ("9" * 1999, 0, "inf for infinity"),
    ("(" * 1000, MOST_DEPTH, "nested more than"),
    ("(" * 500 + "a" + ")" * 500, MOST_DEPTH, "nested more than"),
    ("m[" * 999, MOST_DEPTH * 2 + 1, "nested more than"),
    ("-" * 1999 + "a", MOST_DEPTH, "nested more than"),
    ("not " * 499 + "a", MOST_DEPTH * 4, "nested more than"),
    ("a" + "**a" * 600, None, "nested more than"),
    ("a" + "+a" * 900, None, "nested more than"),
    ("a" + " and a" * 300, None, "nested more than"),
    ("sqrt(" * 300 + "a" + ")" * 300, None, "nested more than"),
    ("+".join(["(" + "+".join(["m[t]"] * 20) + ")"] * 16), None, f"more than {MOST_NODES}"),
    ("a" * 2001, 2000, "at most 2000"),
    ("(a", 0, "this bracket is not closed; it needs its )"),
    ("sqrt(m[t)", 8, ") closes no bracket"),
    ("a)", 1, ") closes no bracket"),
    ("m[t", 1, "this bracket is not closed; it needs its ]"),
    ("a +", 3, "an operand is missing at the end"),
    ("* a", 0, "an operand is missing before *"),
    ("a * / b", 4, "an operand is missing before /"),
    ("a + )", 4, ") closes no bracket"),
    ("(a + )", 5, "an operand is missing before )"),
    ("", 0, "an operand is missing"),
]


def test_the_hostile_texts_are_many():
    assert len(HOSTILE) >= 60
    assert len({text for text, *_ in HOSTILE}) == len(HOSTILE)


@pytest.mark.parametrize(("text", "col", "words"), HOSTILE, ids=[f"{i}-{text[:12]!a}" for i, (text, *_) in enumerate(HOSTILE)])
def test_a_hostile_expression_is_refused_at_its_place(text, col, words):
    error = refused(text)
    assert words in error.message
    assert col is None or error.col == col
    refused(text, parse_equation)
    refused(f"m[t] = 1 - ({text})", parse_equation)


ALLOWED = re.compile(
    r"allowed|only|needs?|numbers are|names are|write |use |one of|hold|has |a name, a number|takes \d|split|joins two|stands|field"
    r"|part of a number"
)


@pytest.mark.parametrize("text", [text for text, *_ in HOSTILE], ids=[f"{i}-{text[:12]!a}" for i, (text, *_) in enumerate(HOSTILE)])
def test_a_message_says_what_is_allowed(text):
    assert ALLOWED.search(refused(text).message)


@pytest.mark.parametrize(("text", "col"), [(" a", 0), ("a + 1 ", 5), (" ", 0)])
def test_blanks_stand_inside_alone(text, col):
    error = refused(text)
    assert (error.col, error.message) == (col, "blanks at the start or the end; only blanks inside are allowed")


@pytest.mark.parametrize(
    ("text", "col", "words"),
    [
        ("m[t] = m[t] = 1", 12, "one = is allowed"),
        ("m[t] += 1", 6, "one = is allowed"),
        ("m[t] *= 2", 6, "one = is allowed"),
        ("m[t]: float = 1", 4, "not part of the algebra"),
        ("*m[t] = 1", 0, "an operand is missing"),
        ("*m, n = 1", 0, "an operand is missing"),
        ("(m[t], n[t]) = 1", 5, "a comma"),
        ("m[t], n[t] = 1", 4, "a comma"),
        ("m[t] = ", 6, "blanks"),
        ("m[t] =", 6, "an operand is missing at the end"),
        ("= 1", 0, "one = is allowed"),
        ("m[t]", 0, "name[t] = expression"),
        ("m[t] == 1", 0, "name[t] = expression"),
        ("m = 1", 0, "a name at time t"),
        ("m[t-1] = 1", 0, "a name at time t"),
        ("m[0] = 1", 0, "a name at time t"),
        ("-m[t] = 1", 0, "not an expression"),
        ("m[t] + 1 = 1", 0, "not an expression"),
        ("sqrt(m[t]) = 1", 0, "not an expression"),
        ("1 = 1", 0, "not an expression"),
        ("sqrt[t] = 1", 0, "needs its arguments in brackets"),
        ("m[t] = (n[t] = 1)", 13, "one = is allowed"),
        ("m[t] = 1; n[t] = 2", 8, "not part of the algebra"),
        ("@f\nm[t] = 1", 2, "plain ASCII"),
        ("global m", 0, "a word of Python"),
        ("return 1", 0, "a word of Python"),
    ],
)
def test_what_is_no_equation_is_refused_at_its_place(text, col, words):
    error = refused(text, parse_equation)
    assert (words in error.message, error.col) == (True, col), error.message


@pytest.mark.parametrize("word", sorted(set(keyword.kwlist) - {"and", "or", "not"}))
def test_every_word_of_python_is_refused(word):
    assert refused(f"1 + {word}").col == 4


def test_the_budget_is_a_matter_of_size_alone():
    assert source(parse_expression("a" + "+a" * (MOST_DEPTH - 1)))
    assert source(parse_expression("-" * MOST_DEPTH + "a"))
    assert source(parse_expression("(" * MOST_DEPTH + "a" + ")" * MOST_DEPTH)) == "a"
    assert parse_expression("10**10**10")  # a tree; what it is worth is the interpreter's business
    assert parse_expression("1e300")


def test_an_error_points_into_the_expression():
    assert refused("1 + root(2)").pointed("1 + root(2)").splitlines()[:2][1].startswith("    ^ there is no function 'root'")


def tree_or_error(text):
    """A tree that survives the round trip, or an error that points into the text."""
    for parse in (parse_expression, parse_equation):
        try:
            tree = parse(text)
        except AlgebraError:
            refused(text, parse)
        else:
            assert parse(source(tree)) == tree


@MANY
@given(st.text(max_size=60))
def test_any_text_is_a_tree_or_an_error(text):
    tree_or_error(text)


@MANY
@given(
    st.lists(
        st.sampled_from([*"()[],.=+-*/%<>!ab1t0_ :@", "m[t]", "m[t-1]", "sqrt(", "not ", " and ", "**", "1e-8", "lambda", "if"]),
        max_size=25,
    )
)
def test_any_row_of_tokens_is_a_tree_or_an_error(tokens):
    tree_or_error("".join(tokens))


@MANY
@given(st.sampled_from(LINES), st.data())
def test_an_edited_equation_is_a_tree_or_an_error(line, data):
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(line)))
        taken = data.draw(st.integers(0, 3))
        line = line[:at] + data.draw(st.one_of(st.text(max_size=2), st.sampled_from([*"()[],*=.-t1", "**", "not "]))) + line[at + taken :]
    tree_or_error(line)


# --- the functions


def test_the_table_of_functions_is_whole():
    assert len(FUNCTIONS) > 40
    for name, f in FUNCTIONS.items():
        assert 1 <= f.least <= f.most
        assert f.meaning == f.meaning.strip()
        assert not f.meaning.endswith(".")
        assert parse_expression(f"{name}({', '.join(['a'] * f.least)})")
    assert FUNCTIONS.keys() > JOINT | RANDOM | OBJECTIVE
    assert CONSTANTS.isdisjoint(FUNCTIONS)


# --- equations that fit together


def found(lines, hyper=("lr",), slots=(), wrapper=False, used=frozenset()):
    """The faults of lines, each with its scope behind `@` (default all)."""
    scoped = [(parse_equation(text), scope or "all") for text, _, scope in (line.partition(" @") for line in lines)]
    named = [(name, scope or "all") for name, _, scope in (s.partition("@") for s in slots)]
    return list(faults(scoped, set(hyper), named, wrapper, used))


PLAIN = "theta[t] = theta[t-1] - lr*g[t]"


def test_equations_that_fit_have_no_faults():
    assert found([PLAIN]) == []
    assert found(["m[t] = m[t-1] + g[t] - g[t-1]", "theta[t] = theta[0] - lr*m[t]*pi/t"], slots=["m", "g"]) == []
    assert found(["theta[t] = theta[t-1] + lr*inner_step(g[t])"], wrapper=True) == []
    assert found(["u[t] = row_sum(g[t]) @matrices", "u[t] = g[t] @vectors", "theta[t] = theta[t-1] - lr*u[t]"]) == []
    assert found(["theta[t] = theta[t-1] - lr*g[t] @matrices"]) == []  # takes matrices alone
    assert found([PLAIN], hyper=["lr", "rank"], used={"rank"}) == []


@pytest.mark.parametrize(
    ("lines", "options", "fault"),
    [
        (["theta[t] = theta[t-1] - lr*m[t]"], {}, Fault(0, 27, "m[t] is used before it is set")),
        (["theta[t] = lr*m[t]", "m[t] = g[t]"], {}, Fault(0, 14, "m[t] is used before it is set")),
        (["theta[t] = lr*m[t-1]"], {}, Fault(0, 14, "m[t-1] is not remembered: declare m under `state`")),
        (["theta[t] = lr*g[t-1]"], {}, Fault(0, 14, "g[t-1] is not remembered: declare g under `state`")),
        (["theta[t] = lr*theta[t]"], {}, Fault(0, 14, "theta[t] is used before it is set")),
        (["theta[t] = lr*inner_step(g[t])"], {}, Fault(0, 14, "only a wrapper has an inner method")),
        (
            ["m[t] = inner_step(g[t])", "theta[t] = lr*inner_step(m[t])"],
            {"wrapper": True},
            Fault(1, 14, "the wrapped method takes one step at a time"),
        ),
        (
            ["m[t] = inner_step(g[t]) @matrices", PLAIN],
            {"wrapper": True},
            Fault(0, 7, "inner_step looks at the whole model, so its equation must apply to all tensors"),
        ),
        (["theta[t] = lr*m"], {}, Fault(0, 14, "m is not defined: neither a hyperparameter nor t, pi or inf")),
        (["theta[t] = lr*g"], {}, Fault(0, 14, "g needs a time: g[t] or g[t-1]")),
        (["theta[t] = lr*theta"], {}, Fault(0, 14, "theta needs a time: theta[t] or theta[t-1]")),
        (["theta[t] = lr[t]"], {}, Fault(0, 11, "lr is the same in every step: write it without [t]")),
        (["theta[t] = lr*t[t-1]"], {}, Fault(0, 14, "t is the same in every step: write it without [t-1]")),
        (["theta[t] = lr*g[0]"], {}, Fault(0, 14, "only theta[0] exists, not g[0]")),
        ([PLAIN, "lr[t] = 1"], {}, Fault(1, 0, "lr is given and cannot be set")),
        ([PLAIN, "g[t] = 1"], {}, Fault(1, 0, "g is given and cannot be set")),
        ([PLAIN, "pi[t] = 1"], {}, Fault(1, 0, "pi is given and cannot be set")),
        (
            ["m[t] = g[t] @vectors", "m[t] = 1 @vectors", PLAIN],
            {},
            Fault(1, 0, "m[t] is set twice for vectors; a step sets each name once"),
        ),
        ([f"{PLAIN} @matrices", "m[t] = 1 @vectors"], {}, Fault(-1, 0, "no equation sets theta[t] for vectors")),
        ([PLAIN], {"slots": ["m@matrices"]}, Fault(-1, 0, "no equation sets m[t] for matrices")),
        ([PLAIN], {"hyper": ["lr", "eps"]}, Fault(-1, 0, "no equation uses the hyperparameter eps")),
        (
            ["n[t] = total(g[t]) @matrices", PLAIN],
            {},
            Fault(0, 7, "total looks at the whole model, so its equation must apply to all tensors"),
        ),
    ],
)
def test_a_fault_is_found_once_at_its_place(lines, options, fault):
    assert found(lines, **options) == [fault]


def test_what_fails_for_both_kinds_of_tensors_is_said_for_each():
    messages = [f.message for f in found([PLAIN], slots=["m"])]
    assert messages == ["no equation sets m[t] for matrices", "no equation sets m[t] for vectors"]


def test_all_faults_are_reported_at_once():
    faults_found = found(["theta[t] = a*b[t] + c[t-1]"])
    assert [(f.index, f.col) for f in faults_found] == [(0, 11), (0, 13), (0, 20), (-1, 0)]
