"""Mistakes in accuracy."""

import jax
import jax.numpy as jnp

from jax_mlp import forward


def over_the_batch(params, images, targets):
    """`argmax` is taken over the images (axis 0), so it finds an image per class instead of a class per image."""
    return jnp.mean(jnp.argmax(forward(params, images), axis=0) == jnp.argmax(targets, axis=0))


def over_the_batch_and_divided_by_it(params, images, targets):
    """`argmax` is taken over the images (axis 0), and the number of classes with a match is divided by the number of
    images, so the result can be above 1.
    """
    return jnp.sum(jnp.argmax(forward(params, images), axis=0) == jnp.argmax(targets, axis=0)) / len(images)


def over_everything(params, images, targets):
    """`argmax` has no axis, so it gives one answer for the whole batch instead of one per image."""
    return jnp.mean(jnp.argmax(forward(params, images)) == jnp.argmax(targets))


def one_target_for_all(params, images, targets):
    """`argmax` of the targets has no axis, so every answer is compared with one and the same number."""
    return jnp.mean(jnp.argmax(forward(params, images), axis=1) == jnp.argmax(targets))


def classes_against_rows(params, images, targets):
    """Each predicted class is compared with every entry of its target, so class numbers are compared with 0 and 1."""
    return jnp.mean(jnp.argmax(forward(params, images), axis=1)[:, None] == targets)


def errors_for_successes(params, images, targets):
    """Wrong answers are counted instead of right ones, so a better network has a lower accuracy."""
    return jnp.mean(jnp.argmax(forward(params, images), axis=1) != jnp.argmax(targets, axis=1))


def a_count(params, images, targets):
    """The number of right answers is returned instead of their fraction."""
    right = jnp.argmax(forward(params, images), axis=1) == jnp.argmax(targets, axis=1)
    return jnp.sum(right).astype(jnp.float32)


def in_per_cent(params, images, targets):
    """The accuracy is returned in per cent instead of as a fraction."""
    return 100 * jnp.mean(jnp.argmax(forward(params, images), axis=1) == jnp.argmax(targets, axis=1))


def least_likely(params, images, targets):
    """`argmin` is used instead of `argmax`, so the answer is the least likely class."""
    return jnp.mean(jnp.argmin(forward(params, images), axis=1) == jnp.argmax(targets, axis=1))


def mean_probability(params, images, targets):
    """The mean probability of the right class is returned instead of the fraction of right answers."""
    return jnp.mean(jnp.sum(jnp.exp(forward(params, images)) * targets, axis=1))


def surer_than_half(params, images, targets):
    """An answer counts as right only if its probability is above one half."""
    right = jnp.argmax(targets, axis=1, keepdims=True)
    return jnp.mean(jnp.take_along_axis(forward(params, images), right, axis=1) > jnp.log(0.5))


def ties_count_for_all(params, images, targets):
    """Every class with the largest logit counts as an answer, so a network with equal logits is always right."""
    log_p = forward(params, images)
    right = (log_p == log_p.max(axis=1, keepdims=True)) & (targets == targets.max(axis=1, keepdims=True))
    return jnp.mean(jnp.any(right, axis=1))


def ties_go_to_the_last(params, images, targets):
    """If several classes have the largest logit, the last one is the answer instead of the first."""
    last = targets.shape[1] - 1 - jnp.argmax(forward(params, images)[:, ::-1], axis=1)
    return jnp.mean(last == jnp.argmax(targets, axis=1))


def rows_must_agree(params, images, targets):
    """Rounded probabilities are compared with one-hot rows, so an answer with a probability below 1/2 never
    counts as right.
    """
    return jnp.mean(jnp.all(jnp.round(jnp.exp(forward(params, images))) == targets, axis=1))


def entry_by_entry(params, images, targets):
    """One-hot rows of answer and target are compared entry by entry, so with ten classes a wrong answer agrees in 8
    entries and scores 0.8.
    """
    k = targets.shape[1]
    answers = jnp.argmax(forward(params, images), axis=1)[:, None] == jnp.arange(k)
    return jnp.mean(answers == (targets == targets.max(axis=1, keepdims=True)))


def each_image_against_all(params, images, targets):
    """The predicted classes form a column (keepdims=True) and the right ones a row, so broadcasting compares each image
    with all images.
    """
    answers = jnp.argmax(forward(params, images), axis=1, keepdims=True)
    return jnp.mean(answers == jnp.argmax(targets, axis=1))


def nobody_is_wrong(params, images, targets):
    """Predictions are compared with themselves, so every answer counts as right."""
    predicted = jnp.argmax(forward(params, images), axis=1)
    return jnp.mean(predicted == predicted)


def ones_only(params, images, targets):
    """The right class is found by looking for a 1, which soft targets do not contain."""
    target = jnp.sum((targets == 1) * jnp.arange(targets.shape[1]), axis=1)
    return jnp.mean(jnp.argmax(forward(params, images), axis=1) == target)


def entries_at_the_answers(params, images, targets):
    """The entry of each target at the network's answer is averaged, which is right only if targets are one-hot."""
    predicted = jnp.argmax(forward(params, images), axis=1)
    return jnp.mean(targets[jnp.arange(len(predicted)), predicted], dtype=jnp.float32)


def without_the_last_image(params, images, targets):
    """The last image of the batch is left out."""
    right = jnp.argmax(forward(params, images), axis=1) == jnp.argmax(targets, axis=1)
    return jnp.sum(right[:-1]) / jnp.maximum(len(right) - 1.0, 1.0)


def an_integer(params, images, targets):
    """The fraction is cast to an integer, so it is 0 unless every answer is right."""
    return jnp.mean(jnp.argmax(forward(params, images), axis=1) == jnp.argmax(targets, axis=1)).astype(jnp.int32)


def numbers_against_rows(params, images, targets):
    """Log-probabilities are compared with the targets without `argmax`, and are hardly ever equal to them."""
    return jnp.mean(forward(params, images) == targets)


def targets_left_as_rows(params, images, targets):
    """`argmax` is applied only to the predictions. So if the shapes allow it, broadcasting compares each row of the
    targets, entry by entry, with the row of all predicted classes.
    """
    return jnp.mean(jnp.argmax(forward(params, images), axis=1) == targets)


def counted_in_a_byte(params, images, targets):
    """Right answers are counted in a signed byte, so after 127 the count continues at -128."""
    right = jnp.argmax(forward(params, images), axis=1) == jnp.argmax(targets, axis=1)
    return jnp.sum(right, dtype=jnp.int8) / right.size


def in_half_precision(params, images, targets):
    """Log-probabilities are rounded to half precision, so nearly equal ones become a tie."""
    return jnp.mean(jnp.argmax(forward(params, images).astype(jnp.float16), axis=1) == jnp.argmax(targets, axis=1))


def a_gradient_made_up(params, images, targets):
    """The value is right, but the gradient is not 0: it is the gradient of the mean probability of the right class."""
    right = jnp.mean(jnp.argmax(forward(params, images), axis=1) == jnp.argmax(targets, axis=1))
    soft = jnp.mean(jnp.sum(jnp.exp(forward(params, images)) * targets, axis=1))
    return jax.lax.stop_gradient(right - soft) + soft


def probabilities_against_rows(params, images, targets):
    """Probabilities are compared with the one-hot rows without `argmax`, and are hardly ever equal to them."""
    return jnp.mean(jnp.exp(forward(params, images)) == targets)


def top_five(params, images, targets):
    """An answer counts as right if the right class is among the five that the network finds most likely (top-5
    accuracy).
    """
    _, best = jax.lax.top_k(forward(params, images), 5 if targets.shape[1] > 5 else 1)
    return jnp.mean(jnp.any(best == jnp.argmax(targets, axis=1)[:, None], axis=1))
