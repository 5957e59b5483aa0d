"""Ways to get forward wrong."""

import jax
import jax.numpy as jnp
from jax.scipy.special import logsumexp


def _hidden(params, images):
    """What enters the last layer."""
    a = images
    for w, b in params[:-1]:
        a = jnp.maximum(0, a @ w.T + b)
    return a


def _logits(params, images):
    """What leaves the last layer."""
    w, b = params[-1]
    return _hidden(params, images) @ w.T + b


def probabilities(params, images):
    """Softmax instead of log-softmax: probabilities where their logarithms belong."""
    return jax.nn.softmax(_logits(params, images))


def plain_logits(params, images):
    """The logits are returned as they are, without subtracting their logsumexp."""
    return _logits(params, images)


def log_of_softmax(params, images):
    """log(softmax(z)): softmax underflows to zero, and the logarithm of zero is -inf."""
    return jnp.log(jax.nn.softmax(_logits(params, images)))


def log_of_plain_softmax(params, images):
    """log(exp(z) / sum(exp(z))) as the textbook writes it: exp overflows from 89 on, and inf / inf is no number."""
    e = jnp.exp(_logits(params, images))
    return jnp.log(e / e.sum(axis=1, keepdims=True))


def log_of_softmax_and_a_bit(params, images):
    """log(softmax(z) + 1e-7): finite, but nothing is ever less likely than e^-16."""
    return jnp.log(jax.nn.softmax(_logits(params, images)) + 1e-7)


def naive_logsumexp(params, images):
    """log(sum(exp(z))) without taking the largest logit out first: exp overflows from 89 on."""
    z = _logits(params, images)
    return z - jnp.log(jnp.sum(jnp.exp(z), axis=1, keepdims=True))


def largest_not_put_back(params, images):
    """The largest logit is taken out inside the logsumexp, and not put back outside."""
    z = _logits(params, images)
    return z - jnp.log(jnp.sum(jnp.exp(z - z.max(axis=1, keepdims=True)), axis=1, keepdims=True))


def mean_taken_out(params, images):
    """The mean logit is taken out before exponentiating instead of the largest."""
    z = _logits(params, images)
    z = z - z.mean(axis=1, keepdims=True)
    return z - jnp.log(jnp.sum(jnp.exp(z), axis=1, keepdims=True))


def largest_of_the_whole_batch_taken_out(params, images):
    """The largest logit of the whole batch is taken out: a row far below it underflows to log 0."""
    z = _logits(params, images)
    z = z - z.max()
    return z - jnp.log(jnp.sum(jnp.exp(z), axis=1, keepdims=True))


def normalised_over_the_batch(params, images):
    """Logsumexp runs over the images of the batch instead of over the classes."""
    z = _logits(params, images)
    return z - logsumexp(z, axis=0, keepdims=True)


def normalised_over_everything(params, images):
    """Without an axis, logsumexp runs over classes and images together."""
    z = _logits(params, images)
    return z - logsumexp(z)


def largest_subtracted(params, images):
    """The largest logit is subtracted instead of the logsumexp: a rough guess at it."""
    z = _logits(params, images)
    return z - z.max(axis=1, keepdims=True)


def relu_on_the_last_layer(params, images):
    """The logits go through relu as well: all that are negative become equal."""
    return jax.nn.log_softmax(jnp.maximum(0, _logits(params, images)))


def no_relu(params, images):
    """There is no relu between the layers."""
    a = images
    for w, b in params:
        a = a @ w.T + b
    return jax.nn.log_softmax(a)


def no_relu_before_the_last_layer(params, images):
    """Relu is left out in front of the last layer."""
    a = images
    for i, (w, b) in enumerate(params):
        a = a @ w.T + b
        if i < len(params) - 2:
            a = jnp.maximum(0, a)
    return jax.nn.log_softmax(a)


def relu_before_the_layer(params, images):
    """Relu is applied to what enters a layer, the image included."""
    a = images
    for w, b in params:
        a = jnp.maximum(0, a) @ w.T + b
    return jax.nn.log_softmax(a)


def relu_before_the_bias(params, images):
    """Relu is applied to the product, and the bias added after it."""
    a = images
    for w, b in params[:-1]:
        a = jnp.maximum(0, a @ w.T) + b
    return jax.nn.log_softmax(_logits(params[-1:], a))


def pixels_divided_by_255(params, images):
    """Pixels are scaled within the network: whoever scales them outside gets it twice."""
    return jax.nn.log_softmax(_logits(params, images / 255))


def no_biases(params, images):
    """The biases are forgotten."""
    return jax.nn.log_softmax(_logits([(w, 0 * b) for w, b in params], images))


def no_bias_in_the_last_layer(params, images):
    """The last layer's bias is forgotten."""
    return jax.nn.log_softmax(_hidden(params, images) @ params[-1][0].T)


def bias_twice(params, images):
    """The last bias is added to the logits once more."""
    return jax.nn.log_softmax(_logits(params, images) + params[-1][1])


def tanh_for_relu(params, images):
    """Another activation is used."""
    a = images
    for w, b in params[:-1]:
        a = jnp.tanh(a @ w.T + b)
    return jax.nn.log_softmax(_logits(params[-1:], a))


def square_batch_transposed(params, images):
    """The batch is transposed whenever that fits the weights: unnoticed until a batch is as large as its images."""
    fits = images.shape[0] == images.shape[1]
    return jax.nn.log_softmax(_logits(params, images.T if fits else images))


def batch_norm(params, images):
    """Images are centred over their batch: what one image gives depends on its neighbours."""
    return jax.nn.log_softmax(_logits(params, images - images.mean(axis=0)))


def batch_of_one_is_squeezed(params, images):
    """A batch of one image loses its batch axis."""
    return jax.nn.log_softmax(_logits(params, images)).squeeze()


def no_bias_in_deeper_hidden_layers(params, images):
    """Only the first and the last layer have their biases added."""
    middle = [(w, 0 * b) for w, b in params[1:-1]]
    return jax.nn.log_softmax(_logits([*params[:1], *middle, *params[1:][-1:]], images))


def in_bits(params, images):
    """The logarithm is to the base 2."""
    return jax.nn.log_softmax(_logits(params, images)) / jnp.log(2.0)


def gradient_stops_at_the_normaliser(params, images):
    """The value is right, but no gradient flows through the logsumexp: nothing pushes wrong classes down."""
    z = _logits(params, images)
    return z - jax.lax.stop_gradient(logsumexp(z, axis=1, keepdims=True))


def gradient_stops_at_the_last_layer(params, images):
    """The value is right, but no gradient reaches the hidden layers."""
    w, b = params[-1]
    return jax.nn.log_softmax(jax.lax.stop_gradient(_hidden(params, images)) @ w.T + b)


def images_cut_off(params, images):
    """The value is right, but no gradient reaches the images: nothing can be learnt of what made them."""
    return jax.nn.log_softmax(_logits(params, jax.lax.stop_gradient(images)))


def last_layer_popped(params, images):
    """The last layer is popped off the caller's own list: the second call finds one layer less."""
    *hidden, last = [*params[:-1], params.pop()]
    return jax.nn.log_softmax(_logits([*hidden, last], images))


def weights_in_the_type_of_the_images(params, images):
    """Weights are cast to what the images are: bytes leave nothing of their fractions and signs."""
    return jax.nn.log_softmax(_logits([(w.astype(images.dtype), b) for w, b in params], images).astype(jnp.float32))


def hidden_units_capped(params, images):
    """What hidden units give is cut off at 10,000, for fear of infinities."""
    w, b = params[-1]
    return jax.nn.log_softmax(jnp.minimum(_hidden(params, images), 1e4) @ w.T + b)
