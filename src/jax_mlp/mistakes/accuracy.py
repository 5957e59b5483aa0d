"""Ways to get accuracy wrong."""

import jax
import jax.numpy as jnp

from jax_mlp import forward


def over_the_batch(params, images, targets):
    """Argmax runs over the images (axis 0) instead of over the classes."""
    return jnp.mean(jnp.argmax(forward(params, images), axis=0) == jnp.argmax(targets, axis=0))


def over_everything(params, images, targets):
    """Argmax without an axis: one answer for the whole batch."""
    return jnp.mean(jnp.argmax(forward(params, images)) == jnp.argmax(targets))


def classes_against_rows(params, images, targets):
    """Predicted classes are compared with one-hot rows instead of with classes."""
    return jnp.mean(jnp.argmax(forward(params, images), axis=1)[:, None] == targets)


def errors_for_successes(params, images, targets):
    """The share of wrong answers."""
    return jnp.mean(jnp.argmax(forward(params, images), axis=1) != jnp.argmax(targets, axis=1))


def a_count(params, images, targets):
    """The number of right answers instead of their share."""
    right = jnp.argmax(forward(params, images), axis=1) == jnp.argmax(targets, axis=1)
    return jnp.sum(right).astype(jnp.float32)


def in_per_cent(params, images, targets):
    """Per cent instead of a share."""
    return 100 * jnp.mean(jnp.argmax(forward(params, images), axis=1) == jnp.argmax(targets, axis=1))


def least_likely(params, images, targets):
    """Argmin for argmax: the least likely class."""
    return jnp.mean(jnp.argmin(forward(params, images), axis=1) == jnp.argmax(targets, axis=1))


def mean_probability(params, images, targets):
    """The mean probability of the right class: a measure of confidence."""
    return jnp.mean(jnp.sum(jnp.exp(forward(params, images)) * targets, axis=1))


def surer_than_half(params, images, targets):
    """An answer counts only if its probability exceeds one half."""
    p = jnp.sum(jnp.exp(forward(params, images)) * targets, axis=1)
    return jnp.mean(p > 0.5)


def ties_count_for_all(params, images, targets):
    """Every class that ties for the largest counts as an answer: a network that knows nothing is always right."""
    log_p = forward(params, images)
    right = (log_p == log_p.max(axis=1, keepdims=True)) & (targets == targets.max(axis=1, keepdims=True))
    return jnp.mean(jnp.any(right, axis=1))


def ties_go_to_the_last(params, images, targets):
    """Of classes that tie, the last is the answer."""
    last = targets.shape[1] - 1 - jnp.argmax(forward(params, images)[:, ::-1], axis=1)
    return jnp.mean(last == jnp.argmax(targets, axis=1))


def rows_must_agree(params, images, targets):
    """Rounded probabilities must equal the one-hot row."""
    return jnp.mean(jnp.all(jnp.round(jnp.exp(forward(params, images))) == targets, axis=1))


def entry_by_entry(params, images, targets):
    """Agreement is counted entry by entry of the one-hot rows: nine of ten zeros are right for nothing."""
    k = targets.shape[1]
    answers = jnp.argmax(forward(params, images), axis=1)[:, None] == jnp.arange(k)
    return jnp.mean(answers == (targets == targets.max(axis=1, keepdims=True)))


def nobody_is_wrong(params, images, targets):
    """Predictions are compared with themselves."""
    predicted = jnp.argmax(forward(params, images), axis=1)
    return jnp.mean(predicted == predicted)


def ones_only(params, images, targets):
    """The target is where a 1 stands: soft targets have none."""
    target = jnp.sum((targets == 1) * jnp.arange(targets.shape[1]), axis=1)
    return jnp.mean(jnp.argmax(forward(params, images), axis=1) == target)


def without_the_last_image(params, images, targets):
    """The last image is left out."""
    right = jnp.argmax(forward(params, images), axis=1) == jnp.argmax(targets, axis=1)
    return jnp.sum(right[:-1]) / jnp.maximum(len(right) - 1.0, 1.0)


def an_integer(params, images, targets):
    """The share is cast to an integer: 0 unless all are right."""
    return jnp.mean(jnp.argmax(forward(params, images), axis=1) == jnp.argmax(targets, axis=1)).astype(jnp.int32)


def numbers_against_rows(params, images, targets):
    """Log-probabilities themselves are compared with targets, without argmax: they are hardly ever equal."""
    return jnp.mean(forward(params, images) == targets)


def targets_left_as_rows(params, images, targets):
    """Predicted classes are compared with the targets as they are: argmax is missing on that side."""
    return jnp.mean(jnp.argmax(forward(params, images), axis=1) == targets)


def counted_in_a_byte(params, images, targets):
    """Right answers are summed as bytes: after 127 comes -128."""
    right = jnp.argmax(forward(params, images), axis=1) == jnp.argmax(targets, axis=1)
    return jnp.sum(right, dtype=jnp.int8) / right.size


def in_half_precision(params, images, targets):
    """Log-probabilities are rounded to half precision: a narrow lead becomes a tie."""
    return jnp.mean(jnp.argmax(forward(params, images).astype(jnp.float16), axis=1) == jnp.argmax(targets, axis=1))


def a_gradient_made_up(params, images, targets):
    """The value is right, but the gradient is that of the mean probability. The accuracy's own is zero."""
    right = jnp.mean(jnp.argmax(forward(params, images), axis=1) == jnp.argmax(targets, axis=1))
    soft = jnp.mean(jnp.sum(jnp.exp(forward(params, images)) * targets, axis=1))
    return jax.lax.stop_gradient(right - soft) + soft


def probabilities_against_rows(params, images, targets):
    """Probabilities are compared with the one-hot rows, entry by entry: no argmax on either side."""
    return jnp.mean(jnp.exp(forward(params, images)) == targets)


def top_five(params, images, targets):
    """The right class among the five most likely is enough: that is another measure, top-5 accuracy."""
    _, best = jax.lax.top_k(forward(params, images), 5 if targets.shape[1] > 5 else 1)
    return jnp.mean(jnp.any(best == jnp.argmax(targets, axis=1)[:, None], axis=1))
