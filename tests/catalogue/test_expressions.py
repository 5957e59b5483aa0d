"""What a law compares is what its counterexample shows: its last line gives what the report got."""

import ast

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jax_mlp
from jax_mlp.checking.counterexample import pasted
from jax_mlp.checking.expressions import Compared, compared
from jax_mlp.checking.implementation import Implementation
from jax_mlp.checking.names import laws
from jax_mlp.components import COMPONENTS
from jax_mlp.laws.expect import LawBroken
from jax_mlp.mistakes import mistakes
from tests.catalogue.counterexamples import failure

SIDES = [
    ("relu/leaky/test_never_negative", "a", None),
    ("relu/leaky/test_two_sides_add_up_to_the_absolute_value", "np.add(a, b)", None),
    ("relu/leaky/test_idempotent", "b", "a"),
    ("forward/probabilities/test_example", "np.exp(a)", None),
    ("forward/probabilities/test_probabilities_of_a_row_sum_to_one", "np.exp(a).sum(axis=1)", None),
    ("forward/probabilities/test_the_last_layer_is_affine", "a - a[:, :1]", None),
    ("one_hot/labels_from_one/test_the_one_stands_at_the_label", "a.argmax(axis=1)", None),
    ("accuracy/over_the_batch/test_parts_weigh_what_they_hold", "1 * b + 4 * c", "5 * a"),
    ("loss/sum_for_mean/test_gradient_of_the_logits_is_p_minus_y", "a[0][0].T", None),
    ("loss/the_other_classes_too/test_gradient_of_a_shift_is_zero", "a[-1][1].sum()", None),
]


@pytest.mark.parametrize(("path", "got", "expected"), SIDES)
def test_what_is_compared_is_what_is_shown(path, got, expected):
    """The two sides of a law are written as its source has them, and evaluate to the report's values."""
    component, name, law = path.split("/")
    implementation = Implementation()
    functions = next(entry.functions for entry in mistakes(component) if entry.name == name)
    implementation.use(component, functions)
    error = failure(laws(component)[law], implementation)
    assert error is not None
    sides = compared(error, implementation.calls)
    assert isinstance(sides, Compared)
    assert (sides.got, sides.expected) == (got, expected)

    lines, _, _ = pasted(implementation.calls, implementation, error, notebook=True)
    *before, last = ast.parse("\n".join(lines)).body
    assert isinstance(last, ast.Expr)
    names = {"jax": jax, "jnp": jnp, "np": np, **functions}
    exec(compile(ast.Module(before, []), "<counterexample>", "exec"), names)
    value = eval(compile(ast.Expression(last.value), "<counterexample>", "eval"), names)
    np.testing.assert_allclose(np.asarray(value), error.got, rtol=1e-5, atol=1e-6)  # type: ignore[attr-defined]


def test_a_call_too_long_to_show_has_no_name():
    """What stands for a very long call is not an expression, so nothing is assigned from it."""
    params, images = mlp_and_images()
    implementation = Implementation()
    implementation.use("forward", {"forward": lambda params, images: images @ params[0][0].T})
    with pytest.raises(LawBroken) as broken:
        laws("forward")["test_example"](implementation)
    implementation.calls[:] = [implementation.calls[0]._replace(arguments=(params, images))]
    lines, _, sides = pasted(implementation.calls, implementation, broken.value, notebook=True)
    assert lines[1] == "# forward(…), too long to show"
    assert sides is None


def mlp_and_images():
    """A network and images with more numbers than a report shows."""
    rng = np.random.default_rng(0)
    return [(rng.standard_normal((40, 40)), rng.standard_normal(40))], rng.standard_normal((40, 40))


def test_a_law_that_calls_in_a_loop_is_not_written():
    """A law whose source does not say which calls it made compares what only the law itself can evaluate."""
    implementation = Implementation()
    functions = {name: getattr(jax_mlp, name) for name in COMPONENTS["train_loop"]}
    implementation.use("train_loop", {**functions, "train_loop": lambda params, *arguments, **options: params})
    error = failure(laws("train_loop")["test_a_plain_loop_over_update"], implementation)
    assert error is not None
    assert compared(error, implementation.calls) is None
