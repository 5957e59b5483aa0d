"""A report names the cause of a failure in the reader's words, and stays silent where it cannot know."""

import json
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jax_mlp import forward, loss, train_loop, update
from jax_mlp.checking import causes, examples, names, report
from jax_mlp.checking.implementation import Implementation
from jax_mlp.components import COMPONENTS
from jax_mlp.laws.expect import LawBroken
from jax_mlp.mistakes import mistakes

MEASURED = Path(__file__).parents[2] / "docs" / "measured" / "causes.json"


def likely_cause(function, law: str) -> str:
    """The likely cause that the report of a law such as relu::test_example names, for a function."""
    component, name = law.split("::")
    implementation = Implementation()
    implementation.use(component, {COMPONENTS[component][-1]: function})
    asked = names.laws(component)[name]
    examples.recorder_of(asked)
    with pytest.raises(Exception) as raised:  # noqa: PT011 (of any kind)
        asked(implementation)
    explained = report.explain(law, asked, raised.value, implementation, notebook=True)
    return dict(explained.lines).get("likely cause", "") if explained else ""


def changed_in_place(x):
    """A relu with NumPy's way to set entries."""
    x[x < 0] = 0
    return x


def set_and_not_kept(x):
    """A relu that forgets what `.at` gives."""
    x.at[x < 0].set(0)
    return x


def column_sums(params, images):
    """A forward with a sum that lost its axis."""
    z = images @ params[-1][0].T
    return z - jnp.log(jnp.sum(jnp.exp(z), axis=1))


def kept_under_another_name(params, x, y, learning_rate=1e-2):
    """A update with `w -= …` in a loop."""
    for (w, b), (dw, db) in zip(params, jax.grad(loss)(params, x, y), strict=True):
        w -= learning_rate * dw
        b -= learning_rate * db
    return params


def in_ten_bits(params, images):
    """Matrix products as TF32 computes them."""

    def rounded(x):
        return jax.lax.reduce_precision(x, exponent_bits=8, mantissa_bits=10)

    return forward([(rounded(w), b) for w, b in params], rounded(jnp.asarray(images, jnp.float32)))


def popped(params, images):
    """A forward that takes a layer off the caller's list."""
    params.pop()
    return jnp.zeros((len(images), 2))


def as_dict(params, x, y, learning_rate=1e-2):
    """An update in the style of another library."""
    return {"params": params}


def drawn_by_numpy(layer_sizes, key, scale=1e-3):
    """An init_mlp that ignores its key."""
    shapes = zip(layer_sizes[1:], layer_sizes[:-1], strict=True)
    return [(jnp.float32(np.random.randn(m, n)), jnp.float32(np.random.randn(m))) for m, n in shapes]  # noqa: NPY002


def never_told(params, train_images, test_images, train_labels, test_labels, n_epochs=10, **options):
    """A train_loop that does not know on_epoch."""
    return params


def asked_whether_key(params, *sets, key=None, **options):
    """A train_loop that looks for a key as one looks for a list."""
    return params if key else None


def shuffled_in_place(params, images, *sets, key=None, **options):
    """A train_loop that swaps images where they stand."""
    images[0] = images[1]
    return params


def times_the_classes(params, images, targets):
    """A loss whose denominator lost its brackets."""
    n, k = targets.shape
    return -1 / n * k * jnp.sum(targets * forward(params, images))


def multiplied_as_matrices(params, images, targets):
    """A loss with `@` instead of `*`."""
    return -jnp.mean(targets @ forward(params, images))


def labels_left_behind(params, images, test_images, labels, test_labels, n_epochs=10, **options):
    """A train_loop that shuffles the images alone, with an order of its own."""
    if options.get("key") is not None:
        seed = int(jax.random.key_data(options.pop("key"))[-1])
        images = images[np.random.default_rng(seed).permutation(len(images))]
    return train_loop(params, images, test_images, labels, test_labels, n_epochs, **options)


def shuffled_once_and_for_all(params, images, test_images, labels, test_labels, n_epochs=10, key=None, **options):
    """A train_loop that uses its key in every epoch, and not as the catalogue does."""
    if key is not None:
        order = jax.random.permutation(key, len(images))
        images, labels = images[order], labels[order]
    return train_loop(params, images, test_images, labels, test_labels, n_epochs, **options)


def running_loss(params, images, test_images, labels, test_labels, n_epochs=10, on_epoch=None, **options):
    """A train_loop that reports the mean loss of its batches, weighted by their sizes, as an array."""
    batches = [(images[i : i + 2], jnp.eye(len(params[-1][1]))[labels[i : i + 2]]) for i in range(0, len(images), 2)]
    for epoch in range(1, n_epochs + 1):
        losses = []
        for x, y in batches:
            losses.append(len(x) * loss(params, x, y))
            params = update(params, x, y, options["learning_rate"])
        told = {"epoch": epoch, "seconds": 0.0, "train_accuracy": 1.0, "test_accuracy": 1.0}
        on_epoch(loss=sum(losses) / len(images), **told)
    return params


def with_a_bit(params, images):
    """A forward that adds another small constant than the catalogue's."""
    return jnp.log(jnp.exp(forward(params, images)) + 1e-9)


def clipped(params, images):
    """A forward that clips its probabilities."""
    return jnp.log(jnp.clip(jnp.exp(forward(params, images)), 1e-7, 1))


def normalised_where_finite(params, images):
    """A forward whose other branch of `where` has an infinite derivative."""
    log_p = forward(params, images)
    return jnp.where(log_p < 1, log_p, jnp.log(0 * log_p))


def matches_per_image(params, images, targets):
    """An accuracy that takes argmax over the images, and counts by itself."""
    return sum(forward(params, images).argmax(axis=0) == targets.argmax(axis=0)) / len(images)


def batches_taken_for_given(params, *sets, batches: Any = None, **options):
    """A train_loop that needs batches."""
    for _ in batches:
        pass
    return params


@pytest.mark.parametrize(
    ("law", "function", "words"),
    [
        ("relu::test_example", lambda x: jnp.max(0, x), "jnp.maximum(0, x) compares each entry with 0"),
        ("relu::test_example", lambda x: max(0, x), "An `if` cannot test a whole array at once"),
        ("relu::test_example", lambda x: x[x > 0], "Entries are missing from the result"),
        ("relu::test_example", lambda x: None, "Is a `return` missing, or indented"),
        ("relu::test_example", changed_in_place, "JAX arrays cannot be changed in place"),
        ("relu::test_example", set_and_not_kept, "Write x = x.at[…].set(…)"),
        ("one_hot::test_example", lambda x, n=10: x == jnp.arange(n), "add an axis"),
        ("forward::test_example", column_sums, "keepdims=True"),
        ("one_hot::test_example", lambda x, n=10: jnp.where(x < 0, 0, jnp.eye(n)[x]), "add an axis"),
        ("one_hot::test_example", lambda x, n=10: np.where(np.asarray(x) < 0, 0, np.eye(n)[x]), "add an axis with"),
        ("one_hot::test_example", lambda x, n=10: jnp.where(x < 0, x, jnp.eye(n)[x]), "add an axis with"),
        ("forward::test_inputs_are_left_as_they_are", popped, "Your function changes what it is given"),
        ("forward::test_many_images_and_layers_too", with_a_bit, "A small constant is added"),
        ("forward::test_far_apart_or_large_logits_are_exact_too", clipped, "A small constant is added"),
        ("forward::test_matches_float64_by_hand", in_ten_bits, "Only the first digits of the result are right"),
        ("loss::test_example", lambda *a: jnp.sum(forward(*a[:2]) * -a[2]), "sum over images and classes is taken"),
        ("update::test_example", as_dict, "returns a dict instead of a list of pairs (w, b)"),
        ("update::test_example", kept_under_another_name, "Your parameters came back unchanged"),
        ("update::test_example", lambda p, x, y, r=1e-2: p - r * jax.grad(loss)(p, x, y), "params is a list of pairs"),
        ("update::test_example", lambda p, x, y, r=1e-2: jax.grad(loss)(p), "`loss` is called with too few arguments"),
        ("loss::test_example", times_the_classes, "write a / (b * c)"),
        ("loss::test_example", multiplied_as_matrices, "To multiply entry by entry, write `*`"),
        ("one_hot::test_a_float32_row_for_each_label", lambda x, n=10: np.eye(n)[np.asarray(x)], "is float64"),
        ("init::test_same_key_same_values", lambda sizes, k, s=1e-3: jax.random.normal(k, size=3), "second the shape"),
        (
            "init::test_same_key_same_values",
            lambda sizes, k, s=1e-3: jax.random.normal(k, 3, 2),
            "A shape is one argument",
        ),
        ("train_loop::test_same_key_same_result", asked_whether_key, "write `if key is not None`"),
        ("train_loop::test_same_key_same_result", shuffled_in_place, "jax.random.permutation(key, n)"),
        ("init::test_same_key_same_values", drawn_by_numpy, "instead of the key"),
        ("train_loop::test_every_epoch_is_told", never_told, "`on_epoch` was never called"),
        ("train_loop::test_no_epochs_no_change", batches_taken_for_given, "Test for None first"),
        ("train_loop::test_a_batch_as_large_as_the_set_is_one_update", labels_left_behind, "but their labels are not"),
        ("train_loop::test_every_epoch_is_shuffled_anew", shuffled_once_and_for_all, "every epoch has the same order"),
        ("train_loop::test_what_is_told_is_true", running_loss, "the mean of the batch losses"),
        ("forward::test_gradient_is_backpropagation", normalised_where_finite, "a derivative on the way is infinite"),
        ("accuracy::test_counted_one_by_one", matches_per_image, "`argmax` is taken over the images (axis 0)"),
    ],
)
def test_what_beginners_meet_is_said_in_their_words(law, function, words):
    """For each error that beginners meet, a sentence about their code says what it comes from."""
    assert words in likely_cause(function, law)


def test_a_sign_is_wrong_only_if_no_answer_has_the_right_one():
    """An overflow that turns 64 into -64, and leaves smaller numbers right, is not called a wrong sign."""
    implementation = Implementation()
    implementation.use("relu", {"relu": lambda x: ((x + jnp.abs(x)) / 2).astype(x.dtype)})
    assert implementation.relu.eager(np.int8([64])) == -64
    found = causes.gather("relu", "test_example", LawBroken(1, 0), implementation.relu.calls, implementation)
    assert not found.relation


def test_a_counterexample_with_one_class_tells_enough():
    """With one class, clipping and wrapping around give the same, so the call is made again with more classes."""
    law = "test_a_label_out_of_range_gives_a_row_of_zeros"
    for wrong in mistakes("one_hot"):
        if wrong.name in ("rows_of_the_identity", "clamped", "modulo"):
            implementation = Implementation()
            implementation.use("one_hot", wrong.functions)
            implementation.one_hot.eager(np.int32([0, -1]), 1)
            error = LawBroken(1, 0)
            found = causes.gather("one_hot", law, error, implementation.one_hot.calls, implementation)
            assert found.fitting == (wrong.name,)


def test_the_mistake_that_explains_most_laws_is_named():
    """Of two mistakes with the same answers to the reported law, the one with the same answers to others is named."""
    sentences = {wrong.name: wrong.sentence for wrong in mistakes("forward")}
    both = ("log_of_plain_softmax", "largest_of_the_whole_batch_taken_out")
    for right in both:
        evidence = {
            "test_an_image_changes_its_own_row_only": causes.Evidence(fitting=both, compared=True),
            "test_always_finite": causes.Evidence(fitting=(right,), compared=True),
        }
        laws = {law: "failed" if law in evidence else "" for law in names.laws("forward")}
        assert causes.most_likely("forward", evidence, {law: s for law, s in laws.items() if s}) == sentences[right]


def test_two_mistakes_at_once_are_both_named():
    """If one mistake does not explain all laws that fail, and two do, both are named."""
    both = [wrong for wrong in mistakes("train_loop") if wrong.name in ("last_batch_dropped", "epochs_from_zero")]
    catch = [names.laws_that_catch(wrong) for wrong in both]
    laws = {law: "failed" if law in catch[0] | catch[1] else "passed" for law in names.laws("train_loop")}
    evidence = {
        law: causes.Evidence(fitting=tuple(w.name for w, c in zip(both, catch, strict=True) if law in c), compared=True)
        for law, state in laws.items()
        if state == "failed"
    }
    said = causes.most_likely("train_loop", evidence, laws)
    assert said == f"{both[0].sentence}\nThere is probably a second mistake: {both[1].sentence}"


def test_most_reports_name_the_right_cause_and_few_a_wrong_one():
    """Over all mistakes, at least 95 % of the reports name the right cause, and at most 2 % a wrong one."""
    found = json.loads(MEASURED.read_text(encoding="utf-8"))["components"]
    counts = {kind: sum(len(verdicts[kind]) for verdicts in found.values()) for kind in ("right", "silent", "wrong")}
    assert sum(counts.values()) == sum(len(mistakes(component)) for component in COMPONENTS)
    assert counts["right"] >= 0.95 * sum(counts.values())
    assert counts["wrong"] <= 0.02 * sum(counts.values())
