"""Ways to get the loss wrong."""

import jax
import jax.numpy as jnp

from jax_mlp import forward


def sum_for_mean(params, images, targets):
    """A sum over images and classes instead of a mean: larger batches take larger steps."""
    return -jnp.sum(forward(params, images) * targets)


def mean_over_images_only(params, images, targets):
    """The textbook's cross-entropy: summed over classes, averaged over images. K times the guide's."""
    return -jnp.mean(jnp.sum(forward(params, images) * targets, axis=1))


def mean_over_classes_only(params, images, targets):
    """Averaged over classes, but summed over images."""
    return -jnp.sum(jnp.mean(forward(params, images) * targets, axis=1))


def sign_lost(params, images, targets):
    """The minus is missing: learning makes it worse."""
    return jnp.mean(forward(params, images) * targets)


def probabilities_for_logarithms(params, images, targets):
    """Probabilities stand where their logarithms belong: -mean(p y)."""
    return -jnp.mean(jnp.exp(forward(params, images)) * targets)


def logarithm_of_clipped_probabilities(params, images, targets):
    """Probabilities are clipped at 1e-7 before the logarithm: what is less likely costs no more and teaches nothing."""
    return -jnp.mean(jnp.log(jnp.maximum(jnp.exp(forward(params, images)), 1e-7)) * targets)


def squared_error(params, images, targets):
    """The mean squared distance between probabilities and targets."""
    return jnp.mean((jnp.exp(forward(params, images)) - targets) ** 2)


def squared_error_of_logarithms(params, images, targets):
    """The mean squared distance between log-probabilities and targets."""
    return jnp.mean((forward(params, images) - targets) ** 2)


def the_other_classes_too(params, images, targets):
    """Each class is judged as a yes-or-no question of its own: binary cross-entropy."""
    log_p = forward(params, images)
    return -jnp.mean(log_p * targets + jnp.log1p(-jnp.minimum(jnp.exp(log_p), 1 - 1e-6)) * (1 - targets))


def arguments_swapped(params, images, targets):
    """Predictions and targets have changed places: -mean(p log y), with a bit added to the logarithm."""
    return -jnp.mean(jnp.exp(forward(params, images)) * jnp.log(targets + 1e-7))


def largest_target_only(params, images, targets):
    """Only the class of the largest target counts: soft targets are made hard."""
    hard = jax.nn.one_hot(jnp.argmax(targets, axis=1), targets.shape[1])
    return -jnp.mean(forward(params, images) * hard)


def first_image_only(params, images, targets):
    """Only the first image of the batch is counted."""
    return -jnp.mean((forward(params, images) * targets)[:1])


def divided_by_ten(params, images, targets):
    """The number of classes is taken to be 10."""
    return -jnp.sum(forward(params, images) * targets) / (10 * len(images))


def divided_by_a_batch_of_128(params, images, targets):
    """The size of the batch is taken to be 128, wrong for the short last one."""
    return -jnp.sum(forward(params, images) * targets) / (128 * targets.shape[1])


def mean_over_targets_that_count(params, images, targets):
    """The mean runs over the entries where the target is not zero."""
    terms = forward(params, images) * targets
    return -jnp.sum(terms) / jnp.maximum(jnp.sum(targets != 0), 1)


def weights_punished(params, images, targets):
    """The squares of all weights are added, a little: weight decay nobody asked for."""
    decay = sum(jnp.sum(w**2) for w, _ in params)
    return -jnp.mean(forward(params, images) * targets) + 1e-3 * decay


def clipped(params, images, targets):
    """Log-probabilities are clipped at -10: whoever is more wrong than that pays no more, and learns nothing."""
    return -jnp.mean(jnp.maximum(forward(params, images), -10.0) * targets)


def per_image(params, images, targets):
    """One loss for each image instead of one for the batch."""
    return -jnp.mean(forward(params, images) * targets, axis=1)


def root_of_the_squares(params, images, targets):
    """Terms are squared before they are averaged, and the root is taken: no mean, but a norm."""
    return jnp.sqrt(jnp.mean((forward(params, images) * targets) ** 2))


def gradient_of_nothing(params, images, targets):
    """The value is right, but no gradient comes through."""
    return jax.lax.stop_gradient(-jnp.mean(forward(params, images) * targets))


def gradient_k_times_too_large(params, images, targets):
    """The value is right, but the gradient is that of the sum over classes."""
    value = -jnp.mean(forward(params, images) * targets)
    k = targets.shape[1]
    return k * value - jax.lax.stop_gradient((k - 1) * value)


def images_cut_off(params, images, targets):
    """The value is right, but no gradient reaches the images."""
    return -jnp.mean(forward(params, jax.lax.stop_gradient(images)) * targets)


def columns_for_entries(params, images, targets):
    """log_p[:, k] without row numbers takes the columns k of every image, and not each image's own entry."""
    return -jnp.mean(forward(params, images)[:, jnp.argmax(targets, axis=1)]) / targets.shape[1]


def logarithm_twice(params, images, targets):
    """The logarithm is taken of what is a logarithm already: of a negative number there is none."""
    return -jnp.mean(jnp.log(forward(params, images)) * targets)


def in_the_type_of_the_targets(params, images, targets):
    """Log-probabilities are cast to what the targets are: integers cut off their fractions."""
    return -jnp.mean(forward(params, images).astype(targets.dtype) * targets)


def means_of_parts(params, images, targets):
    """A large batch is cut into parts of 64, and their means are averaged as if the short last one were as long."""
    parts = range(0, len(images), 64)
    return jnp.mean(jnp.stack([-jnp.mean(forward(params, images[i : i + 64]) * targets[i : i + 64]) for i in parts]))


def what_comes_back_is_dropped(params, images, targets):
    """A gradient written by hand forgets the factor that comes back: c times the loss learns as fast as the loss."""

    @jax.custom_vjp
    def cross_entropy(log_p):
        return -jnp.mean(log_p * targets)

    cross_entropy.defvjp(lambda log_p: (cross_entropy(log_p), None), lambda _, back: (-targets / targets.size,))
    return cross_entropy(forward(params, images))


def images_without_a_target_left_out(params, images, targets):
    """A row of zeros is left out of the mean, as libraries do with a label to ignore: the others weigh more."""
    counted = jnp.sum(jnp.any(targets != 0, axis=1))
    return -jnp.sum(forward(params, images) * targets) / (jnp.maximum(counted, 1) * targets.shape[1])
