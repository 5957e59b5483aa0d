"""The network written again, independently: in NumPy and float64, with every derivative in closed form.

Laws compare the components with it. It does not need to be fast, only clearly correct.
"""

import numpy as np


def log_softmax(logits):
    """Logits minus the logarithm of the sum of their exponentials. The largest logit is subtracted first."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


def activations(params, images):
    """The input of each layer, and the logits, the output of the last one."""
    entering, value = [], np.asarray(images, np.float64)
    for layer, (w, b) in enumerate(params):
        entering.append(value)
        value = value @ np.asarray(w, np.float64).T + np.asarray(b, np.float64)
        if layer < len(params) - 1:
            value = np.where(value > 0, value, 0.0)
    return entering, value


def logits(params, images):
    """The output of the last layer, before it is normalised."""
    return activations(params, images)[1]


def forward(params, images):
    """The log-probabilities."""
    return log_softmax(logits(params, images))


def loss(params, images, targets):
    """The cross-entropy, averaged over images and classes."""
    return -np.mean(forward(params, images) * np.asarray(targets, np.float64))


def accuracy(params, images, targets):
    """The fraction of right answers, counted one by one in plain Python."""
    right = 0
    for row, target in zip(logits(params, images).tolist(), np.asarray(targets).tolist(), strict=True):
        right += row.index(max(row)) == target.index(max(target))
    return right / len(images)


def one_hot(labels, n_classes):
    """Rows of zeros with a single 1, compared entry by entry."""
    return np.array([[float(label == k) for k in range(n_classes)] for label in labels]).reshape(-1, n_classes)


def pullback(cotangent, params, images):
    """The gradients of `sum(cotangent * forward(params, images))` for params and for images, by backpropagation.

    At the logits, the gradient is `cotangent - p * (sum of the row's cotangent)`. A layer's gradient is the sum over
    images of the outer product of its output error with its input.
    """
    entering, out = activations(params, images)
    p = np.exp(log_softmax(out))
    cotangent = np.asarray(cotangent, np.float64)
    back = cotangent - p * cotangent.sum(axis=1, keepdims=True)
    gradients = []
    for (w, _), entered in zip(reversed(params), reversed(entering), strict=True):
        gradients.insert(0, (back.T @ entered, back.sum(axis=0)))
        before, back = back, (back @ np.asarray(w, np.float64)) * (entered > 0)
    return gradients, before @ np.asarray(params[0][0], np.float64)  # there is no relu before the first layer


def gradient(params, images, targets):
    """The gradient of the loss for params: the pullback of `-targets / (n K)`."""
    return loss_pullback(params, images, targets)[0]


def loss_pullback(params, images, targets):
    """The gradients of the loss for params and for images."""
    targets = np.asarray(targets, np.float64)
    return pullback(-targets / targets.size, params, images)


def update(params, images, targets, learning_rate):
    """One step of gradient descent."""
    return [
        (w - learning_rate * dw, b - learning_rate * db)
        for (w, b), (dw, db) in zip(params, gradient(params, images, targets), strict=True)
    ]


def train(params, batches, learning_rate):
    """The parameters after one step per batch."""
    for images, targets in batches:
        params = update(params, images, targets, learning_rate)
    return params


def split(images, targets, batch_size):
    """Batches in the order given. The last one may be shorter."""
    return [(images[i : i + batch_size], targets[i : i + batch_size]) for i in range(0, len(images), batch_size)]


def magnitude(params, images):
    """The size of the terms of each row's logits, before any of them cancel. Rounding errors are relative to it."""
    value = np.abs(np.asarray(images, np.float64))
    for w, b in params:
        value = value @ np.abs(np.asarray(w, np.float64)).T + np.abs(np.asarray(b, np.float64))
    return 1 + value.max(axis=1, keepdims=True)


def growth(params):
    """A bound on how much backpropagation can enlarge a gradient: the product of each layer's largest column sum."""
    return np.prod([1 + np.abs(w).sum(axis=0).max() for w, _ in params[1:]])


def distance_from_kink(params, images):
    """The smallest absolute value of any input to a relu, or infinity if there are no hidden layers."""
    distance = np.inf
    for depth in range(1, len(params)):
        distance = min(distance, np.abs(activations(params[:depth], images)[1]).min(initial=np.inf))
    return distance
