"""Mistakes in forward."""

import jax
import jax.numpy as jnp
from jax.scipy.special import logsumexp


def _hidden(params, images):
    """The input of the last layer."""
    a = images
    for w, b in params[:-1]:
        a = jnp.maximum(0, a @ w.T + b)
    return a


def _logits(params, images):
    """The output of the last layer."""
    w, b = params[-1]
    return _hidden(params, images) @ w.T + b


def probabilities(params, images):
    """Softmax is used instead of log-softmax, so probabilities are returned instead of their logarithms."""
    return jax.nn.softmax(_logits(params, images))


def plain_logits(params, images):
    """The logits are returned without subtracting their logsumexp, so the probabilities do not sum to 1."""
    return _logits(params, images)


def log_of_softmax(params, images):
    """The logarithm is taken after softmax, which can underflow to 0, so the result can be -inf."""
    return jnp.log(jax.nn.softmax(_logits(params, images)))


def log_of_plain_softmax(params, images):
    """The logarithm is taken after softmax, without subtracting the largest logit first. Exponentials of logits above
    88.7 overflow, so the result can be NaN.
    """
    e = jnp.exp(_logits(params, images))
    return jnp.log(e / e.sum(axis=1, keepdims=True))


def log_of_softmax_and_a_bit(params, images):
    """1e-7 is added before the logarithm, so no log-probability can be less than about -16."""
    return jnp.log(jax.nn.softmax(_logits(params, images)) + 1e-7)


def naive_logsumexp(params, images):
    """The largest logit is not subtracted first, so `exp` overflows for a logit above 88.7, and the result is -inf."""
    z = _logits(params, images)
    return z - jnp.log(jnp.sum(jnp.exp(z), axis=1, keepdims=True))


def largest_not_put_back(params, images):
    """The largest logit is subtracted inside the logarithm but not added back, so probabilities can exceed 1."""
    z = _logits(params, images)
    return z - jnp.log(jnp.sum(jnp.exp(z - z.max(axis=1, keepdims=True)), axis=1, keepdims=True))


def mean_taken_out(params, images):
    """Before `exp`, the mean logit is subtracted instead of the largest, so `exp` can still overflow."""
    z = _logits(params, images)
    z = z - z.mean(axis=1, keepdims=True)
    return z - jnp.log(jnp.sum(jnp.exp(z), axis=1, keepdims=True))


def largest_of_the_whole_batch_taken_out(params, images):
    """The largest logit of the whole batch is subtracted instead of the row's, so `exp` can be 0 for a whole row."""
    z = _logits(params, images)
    z = z - z.max()
    return z - jnp.log(jnp.sum(jnp.exp(z), axis=1, keepdims=True))


def normalised_over_the_batch(params, images):
    """The logsumexp is over the images (axis 0) instead of the classes, so an image's probabilities do not sum to 1."""
    z = _logits(params, images)
    return z - logsumexp(z, axis=0, keepdims=True)


def normalised_over_everything(params, images):
    """The logsumexp has no axis, so the probabilities sum to 1 over the whole batch instead of over each row."""
    z = _logits(params, images)
    return z - logsumexp(z)


def mean_for_sum(params, images):
    """The mean of the exponentials is taken instead of the sum, so each row's probabilities sum to
    the number of classes.
    """
    z = _logits(params, images)
    return z - logsumexp(z, axis=1, keepdims=True) + jnp.log(z.shape[1])


def largest_of_each_class_taken_out(params, images):
    """The largest logit is taken over the images (axis 0), so a different number is subtracted for each class."""
    return jax.nn.log_softmax((z := _logits(params, images)) - z.max(axis=0))


def largest_subtracted(params, images):
    """The largest logit is subtracted instead of the logsumexp, so the probabilities sum to more than 1."""
    z = _logits(params, images)
    return z - z.max(axis=1, keepdims=True)


def relu_on_the_last_layer(params, images):
    """`relu` is also applied to the logits, so all negative logits become equal."""
    return jax.nn.log_softmax(jnp.maximum(0, _logits(params, images)))


def no_relu(params, images):
    """There is no `relu` between the layers, so the network is equivalent to a single layer."""
    a = images
    for w, b in params:
        a = a @ w.T + b
    return jax.nn.log_softmax(a)


def no_relu_before_the_last_layer(params, images):
    """There is no `relu` before the last layer, so the last hidden layer is linear."""
    a = images
    for i, (w, b) in enumerate(params):
        a = a @ w.T + b
        if i < len(params) - 2:
            a = jnp.maximum(0, a)
    return jax.nn.log_softmax(a)


def relu_before_the_layer(params, images):
    """`relu` is applied to the input of each layer, so negative numbers in the images become 0."""
    a = images
    for w, b in params:
        a = jnp.maximum(0, a) @ w.T + b
    return jax.nn.log_softmax(a)


def relu_before_the_bias(params, images):
    """`relu` is applied before the bias is added instead of after, so outputs of hidden units can be negative."""
    a = images
    for w, b in params[:-1]:
        a = jnp.maximum(0, a @ w.T) + b
    return jax.nn.log_softmax(_logits(params[-1:], a))


def pixels_divided_by_255(params, images):
    """The images are divided by 255 inside the network, so the pixels are not used as they are given."""
    return jax.nn.log_softmax(_logits(params, images / 255))


def no_biases(params, images):
    """The biases are not added, so they have no effect."""
    return jax.nn.log_softmax(_logits([(w, 0 * b) for w, b in params], images))


def no_bias_in_the_last_layer(params, images):
    """The bias of the last layer is not added, so it has no effect."""
    return jax.nn.log_softmax(_hidden(params, images) @ params[-1][0].T)


def bias_twice(params, images):
    """The bias of the last layer is added twice."""
    return jax.nn.log_softmax(_logits(params, images) + params[-1][1])


def tanh_for_relu(params, images):
    """`tanh` is used instead of `relu`, so the outputs of hidden units stay between -1 and 1."""
    a = images
    for w, b in params[:-1]:
        a = jnp.tanh(a @ w.T + b)
    return jax.nn.log_softmax(_logits(params[-1:], a))


def square_batch_transposed(params, images):
    """The batch is transposed if it is square, so its rows are pixels instead of images."""
    fits = images.shape[0] == images.shape[1]
    return jax.nn.log_softmax(_logits(params, images.T if fits else images))


def batch_norm(params, images):
    """The mean of the batch is subtracted from the images, so a row depends on the other images."""
    return jax.nn.log_softmax(_logits(params, images - images.mean(axis=0)))


def batch_of_one_is_squeezed(params, images):
    """The result is squeezed, so a batch of one image loses its first axis."""
    return jax.nn.log_softmax(_logits(params, images)).squeeze()


def no_bias_in_deeper_hidden_layers(params, images):
    """Only the first and the last layer add their bias, so the other layers have none."""
    middle = [(w, 0 * b) for w, b in params[1:-1]]
    return jax.nn.log_softmax(_logits([*params[:1], *middle, *params[1:][-1:]], images))


def in_bits(params, images):
    """The logarithm has base 2 instead of e, so every log-probability is 1.44 times the right one."""
    return jax.nn.log_softmax(_logits(params, images)) / jnp.log(2.0)


def gradient_stops_at_the_normaliser(params, images):
    """The value is right, but no gradient flows through the logsumexp, so part of the gradient is missing."""
    z = _logits(params, images)
    return z - jax.lax.stop_gradient(logsumexp(z, axis=1, keepdims=True))


def gradient_stops_at_the_last_layer(params, images):
    """The value is right, but no gradient reaches the hidden layers, so only the last layer learns."""
    w, b = params[-1]
    return jax.nn.log_softmax(jax.lax.stop_gradient(_hidden(params, images)) @ w.T + b)


def images_cut_off(params, images):
    """The value is right, but no gradient reaches the images."""
    return jax.nn.log_softmax(_logits(params, jax.lax.stop_gradient(images)))


def last_layer_popped(params, images):
    """The last layer is popped off the caller's own list, so the next call finds one layer fewer."""
    *hidden, last = [*params[:-1], params.pop()]
    return jax.nn.log_softmax(_logits([*hidden, last], images))


def weights_in_the_type_of_the_images(params, images):
    """The weights are cast to the dtype of the images, so with integer images the weights lose their fractional
    parts.
    """
    return jax.nn.log_softmax(_logits([(w.astype(images.dtype), b) for w, b in params], images).astype(jnp.float32))


def hidden_units_capped(params, images):
    """The outputs of hidden units are cut off at 10,000, so large activations become equal."""
    w, b = params[-1]
    return jax.nn.log_softmax(jnp.minimum(_hidden(params, images), 1e4) @ w.T + b)
