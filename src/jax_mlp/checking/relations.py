"""How wrong answers differ from the right ones, such as by their sign: each way has a sentence about the code."""

import contextlib
import itertools
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jax_mlp.checking import examples, replay
from jax_mlp.checking.implementation import NO_ANSWER, Call, Component
from jax_mlp.components import COMPONENTS


class Relation(NamedTuple):
    """A way in which an answer differs from the right one, and the sentence that says so."""

    holds: Callable[[Call, Any, Any], Any]
    sentence: str
    everywhere: bool = False
    """Whether it must hold for the answers that are right too, as a wrong sign leaves none right but zeros."""


UNREPEATABLE = (
    "The same call gives a different answer each time, so the answer depends on more than the arguments. Draw random "
    "numbers with jax.random and the key that is passed in, not with NumPy's or Python's generator, and keep nothing "
    "between calls."
)


def _is(got, expected) -> bool:
    return np.size(got) > 0 and np.size(got) == np.size(expected) and replay.same(got, expected)


def _has_a_lower_bound(_: Call, got, expected) -> bool:
    """Whether log-probabilities below a bound come out as the bound, and larger ones are right or slightly larger."""
    bound = got.ravel()[np.argmax(got - expected)]
    return bound < -3 and (_is(got, np.maximum(expected, bound)) or _is(got, np.logaddexp(expected, bound)))


def _times(factor: Callable[[Call], float]) -> Callable[[Call, Any, Any], Any]:
    def holds(call: Call, got, expected):
        by = factor(call)
        return by != 1 and _is(got, expected * np.asarray(by, expected.dtype))

    return holds


def _n_images(call: Call) -> int:
    return len(call.arguments[1])


def _n_classes(call: Call) -> int:
    return np.shape(call.arguments[2])[-1]


RELATIONS = {
    "relu forward one_hot loss accuracy": [
        Relation(
            lambda _, got, expected: got.dtype == bool and _is(got.astype(expected.dtype), expected),
            "The result of a comparison is returned, so its entries are True and False. Add .astype(jnp.float32).",
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
            lambda _, got, expected: got.dtype == np.float64 and _is(got.astype(expected.dtype), expected),
            "The numbers are right, but their dtype is float64, which NumPy uses unless it is told otherwise. Compute "
            "with jax.numpy, or add .astype(np.float32).",
        ),
        Relation(
            lambda _, got, expected: got.dtype != expected.dtype and _is(got.astype(expected.dtype), expected),
            "The numbers are right, but their dtype is not. Look for astype, and for arrays made with a dtype.",
        ),
        Relation(
            lambda _, got, expected: _is(got, -expected),
            "The sign of the result is wrong: a minus sign is missing, or there is one too many.",
            everywhere=True,
        ),
    ],
    "relu": [
        Relation(
            lambda _, got, expected: np.ndim(got) == 1 and np.size(got) < np.size(expected),
            "Entries are missing from the result. For example, x[x > 0] selects only some, which changes the shape. "
            "jnp.where(x > 0, x, …) keeps every entry in its place.",
        ),
        Relation(
            lambda _, got, expected: 0 < np.max(got) < np.max(expected) and _is(got, np.minimum(expected, np.max(got))),
            "Large values are cut off, for example by jnp.clip with an upper limit or by jnp.minimum.",
        ),
    ],
    "forward": [
        Relation(
            lambda _, got, expected: _is(got, np.exp(expected)),
            "Probabilities are returned instead of their logarithms: log-softmax is wanted, not softmax.",
        ),
        Relation(
            _has_a_lower_bound,
            "A small constant is added to the probabilities, or they are clipped, so no log-probability can be less "
            "than the logarithm of that constant. Subtract log(sum(exp(logits))) from the logits instead: then no "
            "logarithm of 0 is taken, and no constant is needed.",
        ),
        Relation(
            lambda _, got, expected: (
                got.shape == expected.shape and np.abs(got - expected).max() <= 0.01 * np.abs(expected).max()
            ),
            "Only the first digits of the result are right. Something is rounded on the way: look for a dtype of 16 "
            "bits, and for matrix products of low precision, such as TF32 or bfloat16.",
        ),
    ],
    "loss accuracy": [
        Relation(
            lambda call, got, right: np.shape(got) == (_n_images(call),) and _is(np.mean(got, dtype=np.float32), right),
            "One value per image is returned. Their mean is missing, or it is taken over one axis only.",
        ),
        Relation(
            _times(_n_images),
            "The sum over the images is taken where a mean belongs, so the result grows with the batch.",
        ),
    ],
    "loss": [
        Relation(
            _times(_n_classes),
            "The sum over the classes is taken where a mean belongs, so the result grows with the number of classes.",
        ),
        Relation(
            _times(lambda call: _n_images(call) * _n_classes(call)),
            "A sum is taken where a mean belongs, so the result grows with the batch and the number of classes.",
        ),
        Relation(
            _times(lambda call: _n_classes(call) ** 2),
            "The result is multiplied by the number of classes instead of divided by it. In a / b * c, c is not in "
            "the denominator: write a / (b * c).",
        ),
        Relation(
            _times(lambda call: _n_images(call) ** 2),
            "The result is multiplied by the number of images instead of divided by it. In a / b * c, c is not in "
            "the denominator: write a / (b * c).",
        ),
    ],
    "one_hot": [
        Relation(
            lambda _, got, __: np.ndim(got) == 1,
            "The result has one axis, not two. For example, x == jnp.arange(n) compares the first label with class 0, "
            "the second with class 1, and so on. To compare each with each, add an axis: x[:, None] == jnp.arange(n).",
        ),
        Relation(
            lambda _, got, expected: np.isnan(got).any() and _is(np.nan_to_num(got), expected),
            "Rows of labels that are out of range are NaN instead of zeros. For example, jnp.take with mode='fill' "
            "fills in NaN unless it is called with fill_value=0.",
        ),
        Relation(
            lambda _, got, expected: np.shape(got) == np.shape(expected) and not np.any(got) and np.any(expected),
            "Every entry is 0. `.at[…].set(…)` does not change the array itself, so if you use it, keep its result: "
            "out = out.at[…].set(…).",
        ),
    ],
}  # fmt: skip
"""By the names of the functions that they are about: the first that holds for every answer is printed."""


def find(answered: list[Call], further: list[Call], suspect: Component) -> list[str]:
    """How the answers differ from the right ones, in words, if all of them differ in one way."""
    call = answered[-1]
    if unrepeatable(call, {call.function: suspect.function}):
        return [UNREPEATABLE]
    if _changes_arguments(call, suspect):
        return [
            "Your function changes what it is given, for example a list by pop or append, or an array by x[…] = … or "
            "x -= …. Make a new list or array instead."
        ]
    if call.function in COMPONENTS["init"]:
        return _of_scales(call, suspect)
    if call.function == "train_loop":
        return _of_shuffling(suspect) if call.options.get("key") is not None else []
    calls = [*(answered if not further else answered[-1:]), *further]
    pairs = [(call, call.result, right_answer(call)) for call in calls]
    pairs = [(call, got, right) for call, got, right in pairs if right is not NO_ANSWER]
    wrong = [(call, got, right) for call, got, right in pairs if not agree(got, right)]
    if not wrong:
        return []
    form = jax.tree.structure(wrong[0][2])
    if call.function == "update" and any(jax.tree.structure(got) != form for _, got, _ in wrong):
        return ["Your function should return a list of pairs (w, b), with the structure of params."]
    if call.function == "update" and call.method in ("__call__", "eager"):
        return _of_a_step(wrong)
    if call.method in ("gradient", "pullback"):
        if not all(_value_is_right(call, suspect) for call, *_ in wrong):
            return []
        leaves = [np.asarray(leaf) for _, got, _ in wrong for leaf in jax.tree.leaves(got)]
        if not any(leaf.any() for leaf in leaves):
            return [
                "The value is right, but its derivative is 0 everywhere. Something stops the gradient, such as "
                "jax.lax.stop_gradient, a comparison, argmax, round, float(), or a conversion to integers."
            ]
        if any(np.isnan(leaf).any() for leaf in leaves):
            return [
                "The value is right, but its derivative is NaN, so a derivative on the way is infinite. For example, "
                "those of log and sqrt at 0 are, even in a branch that jnp.where does not choose."
            ]
        return []
    for names, relations in RELATIONS.items():
        if call.function in names.split():
            for relation in relations:
                if all(_holds(relation, *each) for each in (pairs if relation.everywhere else wrong)):
                    return [relation.sentence]
    return _unused([call for call, *_ in wrong], suspect) if call.function in ("forward", "loss") else []


def agree(got, right) -> bool:
    """Whether an answer is the right one, in its dtypes too."""
    dtypes = ([getattr(leaf, "dtype", None) for leaf in jax.tree.leaves(answer)] for answer in (got, right))
    return replay.same(got, right) and next(dtypes) == next(dtypes)


def _holds(relation: Relation, call: Call, got, expected) -> bool:
    if not isinstance(got, np.ndarray | jax.Array):
        return False
    try:
        return bool(relation.holds(call, np.asarray(got), np.asarray(expected)))
    except Exception:  # it is about answers of another kind
        return False


def _unused(calls: list[Call], suspect: Component) -> list[str]:
    """Which weights and biases no answer depends on, though the right ones do."""
    leaves = jax.tree.leaves(calls[-1].arguments[0])
    unused = []
    for i in range(len(leaves)):
        changed = [call._replace(arguments=(_one_more(call, i), *call.arguments[1:])) for call in calls]
        same = (replay.same(again(other, suspect), call.result) for call, other in zip(calls, changed, strict=True))
        if all(same) and not replay.same(right_answer(changed[-1]), right_answer(calls[-1])):
            unused.append(f"{'wb'[i % 2]} of layer {i // 2 + 1}")
    if not 0 < len(unused) < len(leaves):
        return []
    return [
        f"The result does not depend on {' and '.join(unused)}, so {'they are' if unused[1:] else 'it is'} not used."
    ]


def _one_more(call: Call, number: int) -> list:
    """The parameters of a call, with 1 added to one array."""
    leaves, tree = jax.tree.flatten(call.arguments[0])
    leaves[number] = np.asarray(leaves[number]) + np.float32(1)
    return tree.unflatten(leaves)


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
    "Your parameters came back unchanged. In a loop, `w -= …` only makes the name `w` stand for a new array, "
    "and `x.at[…].set(…)` returns a new array that you must keep. Build new parameters from the results, and return "
    "those."
)


def never_told(call: Call, suspect: Component) -> list[str]:
    """Whether a training of more epochs would call `on_epoch`, if this call gave one."""
    if call.function != "train_loop" or call.options.get("on_epoch") is None or call.result is NO_ANSWER:
        return []
    told = []
    options = {**call.options, "on_epoch": lambda *arguments, **named: told.append((arguments, named))}
    with contextlib.suppress(Exception):  # it calls something, and then fails
        again(call._replace(arguments=(*call.arguments[:5], 3), options=options), suspect)
        if not told:
            return [
                "`on_epoch` was never called. Call it after each epoch: on_epoch(epoch=…, seconds=…, train_accuracy=…, "
                "test_accuracy=…, loss=…)."
            ]
    return []


def _of_shuffling(suspect: Component) -> list[str]:
    """Whether a key gives what the reference gives for labels in another order: then they did not move along."""
    params = [(np.zeros((3, 3), np.float32), np.zeros(3, np.float32))]
    images, labels = np.eye(3, dtype=np.float32), np.arange(3)

    def trained(train_loop, labels, **options):
        return train_loop(params, images, images, labels, labels, 1, batch_size=3, learning_rate=1.0, **options)

    reference = examples.reference().train_loop.function
    orders = [trained(reference, labels[[*order]]) for order in itertools.permutations(range(3))]  # the right one first
    got = [trained(suspect.function, labels, key=jax.random.key(seed)) for seed in range(4)]
    found = [[replay.same(one, other) for other in orders] for one in got]
    return [
        "The images are shuffled but their labels are not, so most images get a wrong label. Use the same order for "
        "both."
    ] * (all(map(any, found)) and not all(right for right, *_ in found))


def _of_scales(call: Call, suspect: Component) -> list[str]:
    """Which arrays do not grow with the scale, for calls that give one."""
    pairs = zip(at_scale(1.0, call, suspect), at_scale(2.0, call, suspect), strict=True)
    same = [np.any(one) and np.array_equal(one, two) for one, two in pairs]
    named = {(True, False): "weights are", (False, True): "biases are", (True, True): "weights and biases are"}
    which = named.get((all(same[::2]), all(same[1::2])))
    return [f"The {which} not multiplied by `scale`, so it has no effect on them."] if which else []


def at_scale(scale: float, call: Call, component: Component) -> list:
    """The arrays that a component of init makes of the sizes and the key of a call, at another scale."""
    sizes_and_key = call.arguments[: 3 if call.function == "init_weights_biases" else 2]
    return jax.tree.leaves(again(call._replace(arguments=(*sizes_and_key, scale), options={}), component))


def right_answer(call: Call):
    """What the reference answers to a call."""
    try:
        return getattr(getattr(examples.reference(), call.function), call.method)(*call.arguments, **call.options)
    except Exception:  # such as for arguments that it does not take
        return NO_ANSWER


def _value_is_right(call: Call, suspect: Component) -> bool:
    arguments = call.arguments[1:] if call.method == "pullback" else call.arguments
    value = call._replace(method="eager", arguments=arguments, options={})
    with contextlib.suppress(Exception):
        return replay.same(again(value, suspect), right_answer(value))
    return False


def again(call: Call, component: Component):
    """The call once more, on copies, since a component may change or delete what it is given."""
    arguments, options = jax.tree.map(lambda leaf: leaf.copy() if hasattr(leaf, "copy") else leaf, call[2:4])
    return getattr(component, call.method)(*arguments, **options)


def unrepeatable(call: Call, functions: dict) -> bool:
    """Whether two calls with the same arguments give answers of the same form and with other numbers."""
    component = Component(call.function, functions[call.function], [])
    with contextlib.suppress(Exception):
        call = call._replace(method="eager" if call.method == "__call__" else call.method)
        one, two = again(call, component), again(call, component)
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
