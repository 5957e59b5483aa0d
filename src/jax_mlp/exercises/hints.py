"""Hints for each exercise, from a nudge to nearly the answer."""

import contextlib

from jax_mlp.exercises import Exercises

HINTS = {
    "init": (
        "JAX has no hidden random state: the same key gives the same numbers. How many arrays does a layer have, and "
        "how many keys does it need?",
        "jax.random.split(key) gives two new keys. One is for the weights, the other for the biases. A network first "
        "needs a key for each of its layers.",
        "w has shape (out_size, in_size), b has shape (out_size,). jax.random.normal(key, shape) draws both; scale "
        "multiplies what was drawn. Where scale is callable, it is scale(in_size) that multiplies.",
        "init_mlp: keys = jax.random.split(key, len(layer_sizes)), then init_weights_biases for each pair of "
        "neighbours, zip(layer_sizes[:-1], layer_sizes[1:], keys). One key is left over. Pass scale on.",
    ),
    "relu": (
        "What is below zero becomes zero, what is above stays.",
        "It has to work on arrays of any shape, and under jit, where an `if` cannot look at values. jax.numpy has "
        "functions that choose entry by entry.",
        "The larger of the number and zero. Mind the dtype: int8 and float16 come back as they went in.",
        "return jnp.maximum(0, x)",
    ),
    "forward": (
        "Write it for one image first: a vector goes in, a vector of log-probabilities comes out. jax.vmap makes it "
        "work on a batch.",
        "A layer is w @ x + b. Between layers stands a relu; after the last one there is none.",
        "The log-probability of a class is its logit less the logarithm of the sum of all exponentials. Taking softmax "
        "first and the logarithm then gives -inf where logits lie far apart. logsumexp does not.",
        "for w, b in params[:-1]: x = relu(w @ x + b). Then w, b = params[-1]; z = w @ x + b; return z - logsumexp(z). "
        "And jax.vmap(that, in_axes=(None, 0))(params, images).",
    ),
    "one_hot": (
        "Row i has a 1 in column x[i] and zeros elsewhere. What should a label get that names no column?",
        "An identity matrix looked up at x would do, but for labels out of range: -1 would name the last class. "
        "Compare instead of looking up.",
        "Comparing a column of labels, x[:, None], with a row of class numbers, jnp.arange(n_classes), gives a table "
        "of true and false.",
        "return (x[:, None] == jnp.arange(n_classes)).astype(jnp.float32)",
    ),
    "loss": (
        "How surprised is the network by the right answer? It gives log-probabilities, and targets say which to "
        "look at.",
        "forward(params, images) * targets leaves of each row the entry of the right class.",
        "The guide takes the mean over all entries, classes too: with K classes that is the textbook's cross-entropy "
        "divided by K. Log-probabilities are negative, a loss is not.",
        "return -jnp.mean(forward(params, images) * targets)",
    ),
    "accuracy": (
        "Which class does the network find most likely, and which one is right?",
        "jnp.argmax along the axis of the classes answers both, for predictions and for targets.",
        "Comparing the two gives true or false for each image. The mean of that is the share of right answers.",
        "return jnp.mean(jnp.argmax(forward(params, images), axis=1) == jnp.argmax(targets, axis=1))",
    ),
    "update": (
        "Nothing is changed in place: update gives new parameters, built as params is, a list of (w, b). The gradient "
        "points to where the loss grows. Which way do you go, and how far?",
        "jax.grad(loss)(params, x, y) has the structure of params: a list of pairs.",
        "jax.tree.map(f, params, gradients) applies f to each weight matrix and bias vector and its slope.",
        "return jax.tree.map(lambda p, slope: p - learning_rate * slope, params, jax.grad(loss)(params, x, y)). "
        "To keep half precision as it is, end with .astype(p.dtype).",
    ),
    "train_loop": (
        "An epoch goes through all images once, a batch at a time, and calls update on each. The last batch may be "
        "short. The test set is for looking only.",
        "Labels may come as integers: encode them with one_hot and the number of classes, len(params[-1][1]). Where "
        "batches is given, go through that instead, anew in every epoch.",
        "With a key, order the images anew in every epoch: jax.random.permutation(jax.random.fold_in(key, epoch), n) "
        "gives an order. Index images and targets with the same slice of it.",
        "After each epoch call on_epoch, if there is one, by keywords: epoch from 1, seconds (of the updates; time it "
        "with time.perf_counter), train_accuracy, test_accuracy, and loss on the training set, all of them with the "
        "parameters of now.",
    ),
}
"""By component, in the order they are shown."""


def next_hint(exercises: Exercises, component: str, solution: str) -> str:
    """The hint after the one shown last, or the last one again with how to see the solution. It is remembered."""
    if exercises.without_hints:
        return f"Hints are switched off for these exercises. Read the task again: jax-mlp exercises read {component}"
    hints = HINTS[component]
    number = min(exercises.hints_shown.get(component, 0) + 1, len(hints))
    with contextlib.suppress(OSError):  # in a folder that cannot be written to, the first hint comes again
        exercises.remember(**{component: number})
    last = f"\nThat was the last one. The answer: {solution}" if number == len(hints) else ""
    return f"{component}, hint {number} of {len(hints)}: {hints[number - 1]}{last}"
