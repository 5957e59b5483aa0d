"""What a broken law most likely comes from: a sentence about the code, printed only if the evidence singles it out.

There are three kinds of evidence: the words of an error; the relation of an answer to the right one, such as a wrong
sign; and a mistake of the catalogue that gives the same answers and breaks the same laws.
"""

import ast
import contextlib
import functools
import inspect
import itertools
import math
import re
import textwrap
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jax_mlp.checking import evaluate, examples, replay
from jax_mlp.checking.implementation import NO_ANSWER, Call, Component, Implementation
from jax_mlp.components import COMPONENTS
from jax_mlp.exercises import stubs
from jax_mlp.laws.expect import LawBroken
from jax_mlp.mistakes import Entry, mistakes


class Evidence(NamedTuple):
    """What one broken law says about its cause. It travels between processes as JSON."""

    remedy: tuple[str, ...] = ()
    """What the error says, in the reader's words."""
    fitting: tuple[str, ...] = ()
    """The mistakes that would have answered the same, by name."""
    relation: tuple[str, ...] = ()
    """How the answers differ from the right ones, in words."""
    known: bool = False
    """Whether there were answers to compare with those of the mistakes."""


def gather(
    component: str, law: str, error: BaseException, calls: list[Call], implementation: Implementation
) -> Evidence:
    """The evidence of a law that `error` broke after these calls."""
    call = calls[-1]
    suspect = getattr(implementation, call.function)
    remedy = _remedy(error, call) or _dropped(suspect.function) or _never_told(call, suspect)
    before = implementation.evidence.setdefault(component, [])
    calls = [call for call in calls if call.function in COMPONENTS[component]]
    asked = [found for found in before if found.known]
    # To ask all mistakes takes time: after three laws that none fitted, no more.
    if remedy or not calls or (len(asked) >= 3 and not any(found.fitting for found in asked[-3:])):
        before.append(Evidence(tuple(remedy)))
        return before[-1]
    answered = [call for call in calls if call.result is not NO_ANSWER]
    further = _further_evidence(answered[-1], suspect) if answered else []
    last = [wrong for wrong in mistakes(component) if asked and wrong.name in asked[-1].fitting]
    known = [wrong for wrong in mistakes(component) if law in evaluate.laws_that_catch(wrong)]
    fitting: list[Entry] = []
    for suspects in (last, known, mistakes(component)):  # the likely ones first, since to ask one takes time
        fitting = fitting or [w for w in suspects if all(_ends_alike(w.functions, c, error) for c in calls + further)]
    if component == "init" and not fitting:  # the order of draws is free: the same mistake may give other numbers
        fitting = [w for w in known if all(_ends_alike(w.functions, c, error, _form) for c in calls)]
    relation = []
    if answered and not before:  # it is the first law that is reported
        with contextlib.suppress(Exception):  # what is under test may fail in any way at all
            relation = _relation(answered, further, suspect)
    if not fitting and relation == [UNREPEATABLE]:
        fitting = [w for w in mistakes(component) if _unrepeatable(answered[-1], w.functions)]
    before.append(Evidence((), tuple(wrong.name for wrong in fitting), tuple(relation), True))
    return before[-1]


def most_likely(component: str, evidence: dict[str, Evidence], laws: dict[str, str]) -> str:
    """The causes of the first broken law, at most two that fit equally well, and a word on a second mistake beside it.

    Args:
        component: The component under test.
        evidence: That of each broken law, by the law's name. The first law is the one that is reported.
        laws: What became of each law that was run, such as "failed".
    """
    if not evidence:
        return ""
    later = _not_yet(component, laws)
    evidence = {law: found for law, found in evidence.items() if law not in later} or evidence
    laws = {law: state for law, state in laws.items() if law not in later}
    reported = next(iter(evidence.values()))
    if reported.remedy:
        return reported.remedy[0]
    broken = {law for law, state in laws.items() if state == "failed"}
    broken = (
        broken & {*evaluate.laws(component)} or broken
    )  # the table has the fine print of no mistake that breaks more
    known = {wrong.name: evaluate.laws_that_catch(wrong) & {*laws} for wrong in mistakes(component)}
    if not broken & {*evaluate.laws(component, strict=True)}:  # laws of gradients: the table has none of those
        known = dict.fromkeys(known, broken)
    sentences = {wrong.name: wrong.sentence for wrong in mistakes(component)}
    agreement = {name: len(known[name] & broken) / len(known[name] | broken) for name in reported.fitting}
    best = max(agreement.values(), default=0.0)
    otherwise = {
        name: {law for law, found in evidence.items() if found.known and name not in found.fitting} & broken
        for name in known
    }
    if best < 1:
        pairs = [*_pairs(evidence, broken, known, otherwise)]
        if len(pairs) == 1:
            one, other = pairs[0]
            return f"{sentences[one]}\nThere is probably a second mistake: {sentences[other]}"
    if best < 0.75 and reported.relation:
        return reported.relation[0]
    least = 0.75 if component == "init" else 0.5  # its numbers are random, and so weaker evidence
    likely = [name for name, share in agreement.items() if share >= max(least, best)]
    if not 1 <= len(likely) <= 2:
        return ""
    unexplained = set.intersection(*(otherwise[name] - known[name] for name in likely))
    more = "\nThere is probably a second mistake too, since this one does not explain all laws that fail."
    return "\nor: ".join(sentences[name] for name in likely) + more * bool(unexplained)


def _not_yet(component: str, laws: dict[str, str]) -> set[str]:
    """The laws of steps that seem not to be written yet: they come later than a broken law, and fail most of theirs."""
    of_steps = [[name for name in names if name in laws] for names in stubs.steps(component).values()]
    broken = [number for number, names in enumerate(of_steps) if "failed" in [laws[name] for name in names]]
    at = broken[0] if broken else len(of_steps)
    unwritten = [names for names in of_steps[at + 1 :] if 2 * sum(laws[n] == "passed" for n in names) < len(names)]
    return {name for names in unwritten for name in names}


def _pairs(evidence, broken, known, otherwise) -> Iterator[tuple[str, str]]:
    """Two mistakes that together break what is broken, and neither alone. Each fits the laws that it alone breaks."""
    candidates = dict.fromkeys(itertools.chain(*(found.fitting for found in evidence.values())))
    for one, other in itertools.product(next(iter(evidence.values())).fitting, candidates):
        alone, other_alone = known[one] - known[other], known[other] - known[one]
        if alone and other_alone and known[one] | known[other] == broken:
            if otherwise[one] and otherwise[other] and not (alone & otherwise[one] or other_alone & otherwise[other]):
                yield one, other


# Evidence from answers


class Relation(NamedTuple):
    """A way in which an answer differs from the right one, and the sentence that says so."""

    holds: Callable[[Call, Any, Any], Any]
    sentence: str


UNREPEATABLE = (
    "The same call gives another answer each time, so something other than the arguments decides it. Draw random "
    "numbers with jax.random and the key that is passed in, not with NumPy's or Python's generator, and keep nothing "
    "between calls."
)


def _is(got, expected) -> bool:
    return np.size(got) > 0 and np.size(got) == np.size(expected) and replay.same(got, expected)


def _times(factor: Callable[[Call, np.ndarray], float]) -> Callable[[Call, Any, Any], Any]:
    def holds(call: Call, got, expected):
        by = factor(call, expected)
        return by != 1 and _is(got, expected * np.asarray(by, expected.dtype))

    return holds


def _n_images(call: Call, _=None) -> int:
    return len(call.arguments[1])


def _n_classes(call: Call, _=None) -> int:
    return np.shape(call.arguments[2])[-1]


RELATIONS = {
    "relu forward one_hot loss accuracy": [
        Relation(
            lambda _, got, expected: got.dtype == bool and _is(got.astype(expected.dtype), expected),
            "The result of a comparison is returned, which holds True and False. Convert it: .astype(jnp.float32).",
        ),
        Relation(
            lambda _, got, expected: np.ndim(got) == 2 and got.shape != expected.shape and _is(got.T, expected),
            "The result is transposed: its rows should be its columns.",
        ),
        Relation(
            lambda _, got, expected: got.shape != expected.shape and _is(got.ravel(), expected.ravel()),
            "The numbers are right, but their shape is not. Look for reshape, squeeze, keepdims=True or [:, None].",
        ),
        Relation(
            lambda _, got, expected: got.dtype != expected.dtype and _is(got.astype(expected.dtype), expected),
            "The numbers are right, but their dtype is not. Look for astype, and for arrays made with a dtype.",
        ),
        Relation(
            lambda _, got, expected: _is(got, -expected),
            "The sign of the result is wrong: there is one minus too few, or one too many.",
        ),
    ],
    "relu": [
        Relation(
            lambda _, got, expected: np.ndim(got) == 1 and np.size(got) < np.size(expected),
            "Entries are missing from the result: x[x > 0] selects some, and so changes the shape. "
            "jnp.where(x > 0, x, …) keeps every entry in its place.",
        ),
        Relation(
            lambda _, got, expected: 0 < np.max(got) < np.max(expected) and _is(got, np.minimum(expected, np.max(got))),
            "Large values are cut off, as by jnp.clip with a greatest value or by jnp.minimum.",
        ),
    ],
    "forward": [
        Relation(
            lambda _, got, expected: _is(got, np.exp(expected)),
            "Probabilities are returned instead of their logarithms: log-softmax is wanted, not softmax.",
        ),
    ],
    "loss accuracy": [
        Relation(
            lambda call, got, right: np.shape(got) == (_n_images(call),) and _is(np.mean(got, dtype=np.float32), right),
            "One value per image is returned. Their mean is missing, or it is taken over one axis only.",
        ),
        Relation(
            _times(lambda call, _: _n_images(call)),
            "The sum over the images is taken where a mean belongs, so the result grows with the batch.",
        ),
    ],
    "loss": [
        Relation(
            _times(lambda call, _: _n_classes(call)),
            "The sum over the classes is taken where a mean belongs, so the result grows with the number of classes.",
        ),
        Relation(
            _times(lambda call, _: _n_images(call) * _n_classes(call)),
            "A sum is taken where a mean belongs, so the result grows with the batch and the number of classes.",
        ),
    ],
    "one_hot": [
        Relation(
            lambda _, got, __: np.ndim(got) == 1,
            "x == jnp.arange(n) compares the first label with class 0, the second with class 1, and so on. To compare "
            "every label with every class, add an axis: x[:, None] == jnp.arange(n).",
        ),
        Relation(
            lambda _, got, expected: np.shape(got) == np.shape(expected) and not np.any(got) and np.any(expected),
            "Every entry is 0. If you use `.at[…].set(…)`, its result must be kept: out = out.at[…].set(…). It does "
            "not change the array itself.",
        ),
    ],
}  # fmt: skip
"""By the names of the functions that they are about: the first that holds for every answer is printed."""


def _relation(answered: list[Call], further: list[Call], suspect: Component) -> list[str]:
    """How the answers differ from the right ones, in words, if all of them differ in one way."""
    call = answered[-1]
    if _unrepeatable(call, {call.function: suspect.function}):
        return [UNREPEATABLE]
    if _changes_arguments(call, suspect):
        return [
            "Your function changes what it is given, such as a list by pop or append, or an array by x[…] = … or "
            "x -= …. Make a new list or array instead."
        ]
    if call.function in COMPONENTS["init"]:
        return _of_scales(call, suspect)
    if call.function == "train_loop":
        return []
    calls = [*(answered if not further else answered[-1:]), *further]
    pairs = [(call, call.result, _right(call)) for call in calls]
    wrong = [(call, got, right) for call, got, right in pairs if right is not NO_ANSWER and not replay.same(got, right)]
    if not wrong:
        return []
    form = jax.tree.structure(wrong[0][2])
    if call.function == "update" and any(jax.tree.structure(got) != form for _, got, _ in wrong):
        return [f"Your function should return a list of pairs (w, b), with the structure of params. {ALIKE}"]
    if call.function == "update" and call.method in ("__call__", "eager"):
        return _of_a_step(wrong)
    if call.method in ("gradient", "pullback"):
        value_right = all(_value_is_right(call, suspect) for call, *_ in wrong)
        nothing = all(not np.any(leaf) for _, got, _ in wrong for leaf in jax.tree.leaves(got))
        return [
            "The value is right, but its derivative is 0 everywhere. Something stops it: jax.lax.stop_gradient, a "
            "comparison, argmax, round, or a conversion to integers or by float()."
        ] * (value_right and nothing)
    for names, relations in RELATIONS.items():
        if call.function in names.split():
            for relation in relations:
                if all(_holds(relation, *each) for each in wrong):
                    return [relation.sentence]
    return _unused(wrong[-1][0], suspect) if call.function in ("forward", "loss") else []


def _holds(relation: Relation, call: Call, got, expected) -> bool:
    if not isinstance(got, np.ndarray | jax.Array):
        return False
    try:
        return bool(relation.holds(call, np.asarray(got), np.asarray(expected)))
    except Exception:  # it is about answers of another kind
        return False


def _unused(call: Call, suspect: Component) -> list[str]:
    """Which weights and biases the answer does not depend on, though the right one does."""
    leaves, tree = jax.tree.flatten(call.arguments[0])
    unused = []
    for i, leaf in enumerate(leaves):
        others = tree.unflatten([*leaves[:i], np.asarray(leaf) + np.float32(1), *leaves[i + 1 :]])
        other = call._replace(arguments=(others, *call.arguments[1:]))
        if replay.same(_again(other, suspect), call.result) and not replay.same(_right(other), _right(call)):
            unused.append(f"{'wb'[i % 2]} of layer {i // 2}")
    if not 0 < len(unused) < len(leaves):
        return []
    return [
        f"The result does not depend on {' and '.join(unused)}, so {'they are' if unused[1:] else 'it is'} not used."
    ]


def _of_a_step(wrong: list) -> list[str]:
    """In which way the steps of `update` are wrong."""

    def step(params, call):
        return jax.tree.map(lambda new, old: np.asarray(new, np.float64) - np.asarray(old), params, call.arguments[0])

    if all(replay.same(got, call.arguments[0]) for call, got, _ in wrong):
        return [UNCHANGED]
    with contextlib.suppress(Exception):  # another structure
        if all(replay.same(step(got, c), jax.tree.map(np.negative, step(right, c))) for c, got, right in wrong):
            return ["The step goes uphill: the gradient is added instead of subtracted, or its sign is wrong."]
    return []


UNCHANGED = (
    "Your parameters came back unchanged. In a loop, `w -= …` only gives the name w another array, and "
    "`x.at[…].set(…)` gives a new array that must be kept. Build new parameters from the results, and return those."
)


def _never_told(call: Call, suspect: Component) -> list[str]:
    """Whether a training of more epochs would call `on_epoch`, if this call gave one."""
    if call.function != "train_loop" or call.options.get("on_epoch") is None or call.result is NO_ANSWER:
        return []
    told = []
    options = {**call.options, "on_epoch": lambda *arguments, **named: told.append((arguments, named))}
    with contextlib.suppress(Exception):  # it calls something, and then fails
        _again(call._replace(arguments=(*call.arguments[:5], 3), options=options), suspect)
        if not told:
            return [
                "`on_epoch` was never called. Call it after each epoch: on_epoch(epoch=…, seconds=…, train_accuracy=…, "
                "test_accuracy=…, loss=…)."
            ]
    return []


def _of_scales(call: Call, suspect: Component) -> list[str]:
    """Which arrays do not grow with the scale, for calls that give one."""
    sizes_and_key = call.arguments[: 3 if call.function == "init_weights_biases" else 2]
    pairs = {}
    for scale in (1.0, 2.0):
        pairs[scale] = _again(call._replace(arguments=(*sizes_and_key, scale), options={}), suspect)
    same = [
        np.any(one) and np.array_equal(one, two)
        for one, two in zip(jax.tree.leaves(pairs[1.0]), jax.tree.leaves(pairs[2.0]), strict=True)
    ]
    named = {(True, False): "weights are", (False, True): "biases are", (True, True): "weights and biases are"}
    which = named.get((all(same[::2]), all(same[1::2])))
    return [f"The {which} not multiplied by `scale`, so they have the same size whatever it is."] if which else []


def _right(call: Call):
    """What the reference answers to a call."""
    try:
        return getattr(getattr(examples.reference(), call.function), call.method)(*call.arguments, **call.options)
    except Exception:  # such as for arguments that it does not take
        return NO_ANSWER


def _value_is_right(call: Call, suspect: Component) -> bool:
    arguments = call.arguments[1:] if call.method == "pullback" else call.arguments
    value = call._replace(method="eager", arguments=arguments, options={})
    with contextlib.suppress(Exception):
        return replay.same(_again(value, suspect), _right(value))
    return False


def _again(call: Call, component: Component):
    """The call once more, on copies, since a component may change or delete what it is given."""
    arguments, options = jax.tree.map(lambda leaf: leaf.copy() if hasattr(leaf, "copy") else leaf, call[2:4])
    return getattr(component, call.method)(*arguments, **options)


def _unrepeatable(call: Call, functions: dict) -> bool:
    """Whether two calls with the same arguments give answers of the same form and with other numbers."""
    component = Component(call.function, functions[call.function], [])
    with contextlib.suppress(Exception):
        call = call._replace(method="eager" if call.method == "__call__" else call.method)
        one, two = _again(call, component), _again(call, component)
        return jax.tree.map(np.shape, one) == jax.tree.map(np.shape, two) and not replay.same(one, two)
    return False


def _changes_arguments(call: Call, suspect: Component) -> bool:
    """Whether a call changes the lists and NumPy arrays that it is given."""
    if call.method not in ("eager", "__call__"):
        return False

    def writable(leaf):
        is_array = isinstance(leaf, np.ndarray | jax.Array) and not jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key)
        return np.array(leaf) if is_array else leaf

    given = jax.tree.map(writable, call.arguments)
    leaves, tree = jax.tree.flatten(given)
    before = [leaf.copy() if isinstance(leaf, np.ndarray) else leaf for leaf in leaves]
    with contextlib.suppress(Exception):  # it may want arrays of JAX, which it cannot change
        suspect.function(*given, **call.options)
    if jax.tree.structure(given) != tree:
        return True
    others = any(now is not leaf for now, leaf in zip(jax.tree.leaves(given), leaves, strict=True))
    arrays = [(now, then) for now, then in zip(leaves, before, strict=True) if isinstance(now, np.ndarray)]
    return others or any(now.tobytes() != then.tobytes() for now, then in arrays)


def _further_evidence(call: Call, suspect: Component) -> list[Call]:
    """The call again, with other and more numbers: a counterexample is too small to tell mistakes apart."""
    if call.function in ("init_weights_biases", "init_mlp", "train_loop"):
        return []
    rng = np.random.default_rng(0)

    def other(value, more=0, first=0):
        if type(value) is int:  # with one class, a label of -1 wraps around to the class that clipping gives
            return value + 2
        if not isinstance(value, np.ndarray | jax.Array):
            return value
        shape = (value.shape[0] + more, *value.shape[1:]) if value.ndim else ()
        if np.issubdtype(value.dtype, np.integer):  # labels, some of them negative and some too large
            return np.arange(first, first + math.prod(shape)).astype(value.dtype).reshape(shape)
        return np.asarray(3 * rng.standard_normal(shape), value.dtype)

    evidence = []
    for first in (-2, 1, 4, 7):
        arguments = tuple(
            jax.tree.map(other, argument) if isinstance(argument, list | tuple) else other(argument, 2, first)
            for argument in call.arguments
        )
        with contextlib.suppress(Exception):  # what crashes is no evidence for one mistake or another
            options = {name: other(value) for name, value in call.options.items()}
            answer = getattr(suspect, call.method)(*arguments, **options)
            evidence.append(call._replace(arguments=arguments, options=options, result=answer))
    return evidence


@functools.cache  # compiled once, for all laws that are broken
def _component(name: str, function) -> Component:
    return Component(name, function, [])


def _ends_alike(functions: dict, call: Call, error: BaseException, same: Callable = replay.same) -> bool:
    """Whether a mistake gives the same answer to a call, or raises the same error."""
    try:
        answer = _again(call, _component(call.function, functions[call.function]))
    except Exception as raised:  # a wrong component may fail in any way at all
        return call.result is NO_ANSWER and type(raised) is type(error) and str(raised)[:100] == str(error)[:100]
    return call.result is not NO_ANSWER and same(answer, call.result)


def _form(one, two) -> bool:
    """Whether two answers have the same structure, shapes and dtypes."""
    return jax.tree.map(jnp.shape, one) == jax.tree.map(jnp.shape, two) and jax.tree.map(
        jnp.result_type, one
    ) == jax.tree.map(jnp.result_type, two)


# Evidence from the code


def _dropped(function) -> list[str]:
    """What a function computes and does not keep, if it does so."""
    try:
        lines = inspect.getsource(inspect.unwrap(function))
        tree = ast.parse(textwrap.dedent(lines))
    except (OSError, TypeError, SyntaxError):  # it has no source of its own
        return []
    calls = [node.value for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)]
    for call in calls:
        text = ast.unparse(call.func)
        if re.search(r"\.at\[.*\]\.\w+$", text):
            array, method = text.split(".at[")[0], text.rsplit(".", 1)[1]
            return [
                f"The result of `{array}.at[…].{method}(…)` is not kept, so {array} stays as it was: JAX arrays do "
                f"not change. Write {array} = {array}.at[…].{method}(…)."
            ]
        if text in itertools.chain(*COMPONENTS.values()):
            return [
                f"The result of `{text}(…)` is not kept, so the call has no effect. Assign it to a name, or return it."
            ]
    return []


# Evidence from errors


def _remedy(error: BaseException, call: Call) -> list[str]:
    """What an error of JAX's, or an answer of another kind, most likely comes from."""
    if call.result is None:
        return ["Your function returns None. Is a `return` missing?"]
    if isinstance(error, NotImplementedError):
        return ["A function is not written yet: it still contains `raise NotImplementedError`."]
    if _holds_a_dict(call.result) or (isinstance(call.result, list | tuple) and call.function in ONE_ARRAY):
        if call.method in ("__call__", "eager"):
            kind = "dict" if _holds_a_dict(call.result) else type(call.result).__name__
            return [f"Your function returns a {kind} instead of {RESULTS.get(call.function, 'one array')}."]
    if isinstance(error, LawBroken):
        return []
    words = str(error)
    if call.result is not NO_ANSWER and "deleted" not in words:  # the law could not use the answer
        return []
    for pattern, remedy in REMEDIES.items():
        found = re.search(pattern, words, re.DOTALL)
        if found:
            sentence = remedy(call, *found.groups()) if callable(remedy) else remedy
            if sentence:
                return [sentence]
    kind = type(error).__name__
    return [ERRORS[kind]] if kind in ERRORS else []


def _holds_a_dict(result) -> bool:
    return isinstance(result, dict) or (isinstance(result, list | tuple) and any(map(_holds_a_dict, result)))


ONE_ARRAY = ("relu", "forward", "one_hot", "loss", "accuracy")
RESULTS = {
    "update": "a list of pairs (w, b)",
    "train_loop": "a list of pairs (w, b)",
    "init_mlp": "a list of pairs (w, b)",
    "init_weights_biases": "a pair (w, b)",
}
"""What functions return that do not return one array."""

ERRORS = {
    "TracerArrayConversionError": "NumPy cannot handle arrays inside jit or grad. Use the function of jax.numpy "
    "instead.",
    "TracerBoolConversionError": "Python (if, while, and, max, min) cannot look at values inside jit or grad. Use a "
    "function of jax.numpy instead, such as jnp.where or jnp.maximum.",
    "TracerIntegerConversionError": "Python needs an integer here, but values are unknown inside jit or grad. Use a "
    "shape, such as len(x), or keep the value an array.",
    "ConcretizationTypeError": "Python needs a number here, but values are unknown inside jit or grad. Do not use "
    "float(), int() or .item(); keep the value an array.",
    "UnexpectedTracerError": "A value computed inside jit or grad was stored and used in a later call. Return it "
    "instead.",
    "NonConcreteBooleanIndexError": "Inside jit a shape cannot depend on values, so x[x > 0] does not work. Use "
    "jnp.where(x > 0, x, …) instead.",
}
"""The most likely cause of an error of JAX's, by its type."""

ALIKE = "jax.grad(loss) gives a gradient with the structure of params; jax.grad(loss, 1) gives one like the images."


def _shapes(_: Call, one: str, two: str) -> str:
    """Why two shapes cannot be broadcast, and what to do."""
    a, b = ([int(n) for n in re.findall(r"\d+", shape)] for shape in (one, two))
    if len(a) == len(b) == 1:
        return (
            f"Entry by entry, {a[0]} numbers cannot be combined with {b[0]}. To combine each of the {a[0]} with each "
            f"of the {b[0]}, add an axis, as in x[:, None] == jnp.arange(n)."
        )
    short, long = sorted((a, b), key=len)
    shown = " and ".join(
        "(" + ", ".join(map(str, shape)) + ("," if len(shape) == 1 else "") + ")" for shape in (long, short)
    )
    if len(short) < len(long) and short == long[: len(short)]:
        return (
            f"The shapes {shown} are aligned at their last axes, where {long[-1]} meets {short[-1]}. Use keepdims=True "
            "in the sum or maximum, or add an axis with [:, None]."
        )
    return f"The shapes {shown} do not fit: axes are aligned from the last one, and must be equal there or 1."


def _is_none(call: Call, *_) -> str:
    if call.function == "train_loop" and None in map(call.options.get, ("on_epoch", "batches", "key")):
        return (
            "An optional argument (`batches`, `key` or `on_epoch`) is None if the caller does not give it. Test for "
            "None first."
        )
    return "Something is None that should have a value. A function without `return` gives None."


REMEDIES: dict[str, str | Callable] = {
    r"shapes for broadcasting: (?:shapes=\[)?(\([\d, ]*\)), (\([\d, ]*\))": _shapes,
    r"broadcast together with shapes (\([\d, ]*\)) (\([\d, ]*\))": _shapes,
    "truth value of an array": "An `if` cannot test a whole array at once. Use jnp.where or jnp.maximum, which work "
    "entry by entry.",
    "Only integer scalar arrays can be converted": "An array was given in place of an integer, such as an axis. In "
    "jnp.max(0, x), x is the axis; jnp.maximum(0, x) compares each entry with 0.",
    "Expected a callable value": "jax.grad takes the function, not its result: write jax.grad(f)(params, x, y).",
    "out of bounds for array of dimension 0": "jnp.max(x, 0) reduces along axis 0, but a single number has no axis. "
    "jnp.maximum(x, 0) compares each entry with 0.",
    "values to unpack": f"A pair (w, b) was expected here. {ALIKE}",
    "Expected list, got": f"A list was expected here, because params is a list. {ALIKE}",
    "and 'list'|for .: 'list'|can't multiply sequence": "params is a list of pairs and not an array. Compute "
    "with each array in a loop, or with all of them by jax.tree.map.",
    "dot_general requires contracting dimensions|matmul: .*mismatch": "The shapes of a matrix product do not fit. "
    "Weights have shape (out, in), an image has shape (in,), and a batch has shape (batch, in).",
    "vmap got inconsistent sizes": "jax.vmap maps over every argument unless in_axes says otherwise. in_axes=(None, 0) "
    "passes the first argument whole, and maps over axis 0 of the second.",
    "deleted or donated|has been deleted": "An argument was donated (donate_argnums or donate_argnames), so the caller "
    "can no longer read it.",
    "arrays are immutable|does not support item assignment": "JAX arrays cannot be changed in place. Make a new one "
    "with jnp.where or x = x.at[…].set(…).",
    "'NoneType' object": _is_none,
}
"""The most likely cause of an error, by a pattern in its message."""
