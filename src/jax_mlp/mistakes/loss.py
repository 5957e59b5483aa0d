"""Mistakes in the loss."""

import jax
import jax.numpy as jnp

from jax_mlp import forward


def sum_for_mean(params, images, targets):
    """The sum over images and classes is taken instead of the mean, so larger batches lead to larger gradients."""
    return -jnp.sum(forward(params, images) * targets)


def mean_over_images_only(params, images, targets):
    """As in textbooks, the sum over classes is taken instead of the mean, so the loss is K times too large."""
    return -jnp.mean(jnp.sum(forward(params, images) * targets, axis=1))


def mean_over_classes_only(params, images, targets):
    """The sum over images is taken instead of the mean, so larger batches lead to larger gradients."""
    return -jnp.sum(jnp.mean(forward(params, images) * targets, axis=1))


def sign_lost(params, images, targets):
    """The minus sign is missing, so learning makes the predictions worse."""
    return jnp.mean(forward(params, images) * targets)


def probabilities_for_logarithms(params, images, targets):
    """Probabilities are used instead of their logarithms, so a wrong answer costs too little."""
    return -jnp.mean(jnp.exp(forward(params, images)) * targets)


def logarithm_of_clipped_probabilities(params, images, targets):
    """Probabilities are clipped at 1e-7, so a very wrong answer has no gradient."""
    return -jnp.mean(jnp.log(jnp.maximum(jnp.exp(forward(params, images)), 1e-7)) * targets)


def squared_error(params, images, targets):
    """The squared error is computed instead of the cross-entropy, so a sure but wrong answer teaches little."""
    return jnp.mean((jnp.exp(forward(params, images)) - targets) ** 2)


def squared_error_of_logarithms(params, images, targets):
    """The mean of (log p - y)² is computed instead of the cross-entropy. For a wrong class (y = 0), training pulls
    log p towards 0, which makes the class likelier.
    """
    return jnp.mean((forward(params, images) - targets) ** 2)


def the_other_classes_too(params, images, targets):
    """The loss also contains -log(1 - p) for every wrong class (binary cross-entropy), so it is too large."""
    log_p = forward(params, images)
    return -jnp.mean(log_p * targets + jnp.log1p(-jnp.minimum(jnp.exp(log_p), 1 - 1e-6)) * (1 - targets))


def arguments_swapped(params, images, targets):
    """Predictions and targets are swapped, so the loss takes the logarithms of the targets."""
    return -jnp.mean(jnp.exp(forward(params, images)) * jnp.log(targets + 1e-7))


def entropy_of_the_targets_subtracted(params, images, targets):
    """The divergence Σ y log(y / p) is computed (Kullback-Leibler), which differs from the cross-entropy if targets are
    not one-hot.
    """
    return jnp.mean(jax.scipy.special.xlogy(targets, targets) - forward(params, images) * targets)


def largest_target_only(params, images, targets):
    """Only the largest entry of each target counts, so targets that are not one-hot are treated as if they were."""
    hard = jax.nn.one_hot(jnp.argmax(targets, axis=1), targets.shape[1])
    return -jnp.mean(forward(params, images) * hard)


def first_image_only(params, images, targets):
    """Only the first image of the batch counts, so the others teach nothing."""
    return -jnp.mean((forward(params, images) * targets)[:1])


def divided_by_ten(params, images, targets):
    """The sum over classes is divided by 10, even if there are more or fewer classes."""
    return -jnp.sum(forward(params, images) * targets) / (10 * len(images))


def divided_by_a_batch_of_128(params, images, targets):
    """The sum is divided by a batch size of 128, even if the batch is smaller."""
    return -jnp.sum(forward(params, images) * targets) / (128 * targets.shape[1])


def mean_over_targets_that_count(params, images, targets):
    """The mean is taken only over the entries where the target is not zero, so the loss is too large."""
    terms = forward(params, images) * targets
    return -jnp.sum(terms) / jnp.maximum(jnp.sum(targets != 0), 1)


def weights_punished(params, images, targets):
    """The squares of the weights are added to the loss (weight decay), so it is too large."""
    decay = sum(jnp.sum(w**2) for w, _ in params)
    return -jnp.mean(forward(params, images) * targets) + 1e-3 * decay


def clipped(params, images, targets):
    """Log-probabilities are clipped at -10, so a very wrong answer has no gradient."""
    return -jnp.mean(jnp.maximum(forward(params, images), -10.0) * targets)


def per_image(params, images, targets):
    """One loss per image is returned instead of their mean, so the result is not a single number."""
    return -jnp.mean(forward(params, images) * targets, axis=1)


def root_of_the_squares(params, images, targets):
    """The root mean square of the terms y log p is returned instead of their negative mean, so both the value and the
    gradient are wrong.
    """
    return jnp.sqrt(jnp.mean((forward(params, images) * targets) ** 2))


def gradient_of_nothing(params, images, targets):
    """The value is right, but `stop_gradient` sets the gradient to 0, so the network cannot learn."""
    return jax.lax.stop_gradient(-jnp.mean(forward(params, images) * targets))


def gradient_k_times_too_large(params, images, targets):
    """The value is right, but the gradient is K times too large: it is the gradient of the sum over classes."""
    value = -jnp.mean(forward(params, images) * targets)
    k = targets.shape[1]
    return k * value - jax.lax.stop_gradient((k - 1) * value)


def images_cut_off(params, images, targets):
    """The value is right, but no gradient reaches the images."""
    return -jnp.mean(forward(params, jax.lax.stop_gradient(images)) * targets)


def columns_for_entries(params, images, targets):
    """`log_p[:, labels]` is used instead of `log_p[arange(n), labels]`, so n entries of every row are taken instead
    of one.
    """
    return -jnp.mean(forward(params, images)[:, jnp.argmax(targets, axis=1)]) / targets.shape[1]


def logarithm_twice(params, images, targets):
    """The logarithm is taken of log-probabilities, which are negative, so the result is NaN."""
    return -jnp.mean(jnp.log(forward(params, images)) * targets)


def every_image_with_every_target(params, images, targets):
    """`log_p @ targets.T` pairs each image with all targets, whereas `log_p * targets` would pair
    it only with its own.
    """
    return -jnp.mean(forward(params, images) @ targets.T) / targets.shape[1]


def divergence(params, images, targets):
    """The term y log y is added too (KL divergence). For y = 0, that is 0 times minus infinity, which is NaN."""
    return jnp.mean(targets * (jnp.log(targets) - forward(params, images)))


def in_the_type_of_the_targets(params, images, targets):
    """Log-probabilities are cast to the dtype of the targets, so with integer targets they lose their
    fractional parts.
    """
    return -jnp.mean(forward(params, images).astype(targets.dtype) * targets)


def means_of_parts(params, images, targets):
    """The batch is cut into parts of 64 images and the mean losses of the parts are averaged, so a smaller last part
    counts too much.
    """
    parts = range(0, len(images), 64)
    return jnp.mean(jnp.stack([-jnp.mean(forward(params, images[i : i + 64]) * targets[i : i + 64]) for i in parts]))


def what_comes_back_is_dropped(params, images, targets):
    """The gradient comes from a hand-written rule (`jax.custom_vjp`) that ignores later operations on the loss, so
    the gradient of c · loss lacks the factor c.
    """

    @jax.custom_vjp
    def cross_entropy(log_p):
        return -jnp.mean(log_p * targets)

    cross_entropy.defvjp(lambda log_p: (cross_entropy(log_p), None), lambda _, back: (-targets / targets.size,))
    return cross_entropy(forward(params, images))


def images_without_a_target_left_out(params, images, targets):
    """Images whose target is all zeros are left out of the mean, so the other images count too much."""
    counted = jnp.sum(jnp.any(targets != 0, axis=1))
    return -jnp.sum(forward(params, images) * targets) / (jnp.maximum(counted, 1) * targets.shape[1])


def minus_on_the_targets(params, images, targets):
    """The minus sign is put on the targets, so targets stored as bytes wrap around: -1 becomes 255."""
    return jnp.mean(-targets * forward(params, images))
