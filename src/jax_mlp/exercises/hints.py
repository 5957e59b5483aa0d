"""Hints for each exercise: first a question, then a tool, and last most or all of the code."""

import contextlib
import re

from jax_mlp.exercises import Progress

HINTS = {
    "relu": (
        "What should happen to a negative number, and what to a positive one?",
        "Your function must work for arrays of any shape. It must also work under `jax.jit`, where an `if` cannot"
        " depend on the entries of an array. So use a function of `jax.numpy` that works entry by entry, such as "
        "`jnp.where` or `jnp.maximum`.",
        "`relu(x)` is the larger of `x` and 0. `jnp.maximum` takes the larger of each pair of entries, whereas "
        "`jnp.max` returns the largest entry of one array.",
        "`return jnp.maximum(0, x)`",
    ),
    "init": (
        "A random function of JAX takes a key, and the same key always gives the same numbers. How many arrays "
        "does a layer have, and how many keys does it need?",
        "`jax.random.split(key)` gives two new keys: one for the weights and one for the biases. A network needs "
        "one key per layer. Make them first: `jax.random.split(key, n)` gives `n` keys.",
        "`w` has shape `(out_size, in_size)` and `b` has shape `(out_size,)`. Draw each with "
        "`jax.random.normal(key, shape)` and multiply it by `scale`. If `scale` is a function (`callable(scale)` "
        "is true), multiply by `scale(in_size)` instead.",
        "In `init_mlp`: `keys = jax.random.split(key, len(layer_sizes) - 1)`. Then call `init_weights_biases(n_in, "
        "n_out, k, scale)` for each `n_in, n_out, k in zip(layer_sizes[:-1], layer_sizes[1:], keys)`.",
    ),
    "forward": (
        "Begin with a function for one image. It takes a vector of pixels and returns a vector of "
        "log-probabilities. What does each layer do to the vector?",
        "A layer computes `w @ x + b`. Apply `relu` after every layer except the last one. Then `jax.vmap` makes "
        "the function work on a batch. In `in_axes=(None, 0)`, `None` means that all images share `params`, and "
        "`0` means that each row of `images` is one image.",
        "The log-probability of a class is its logit minus the logarithm of the sum of the exponentials of all "
        "logits. If the logits `z` are far apart, `jnp.log(jax.nn.softmax(z))` gives `-inf`, but "
        "`z - logsumexp(z)` does not. `logsumexp` is in `jax.scipy.special`.",
        "`for w, b in params[:-1]: x = relu(w @ x + b)`. Then `w, b = params[-1]; z = w @ x + b; return z - "
        "logsumexp(z)`. For the batch: `jax.vmap(one_image, in_axes=(None, 0))(params, images)`.",
    ),
    "one_hot": (
        "Row `i` has a 1 in column `x[i]` and 0 in all other columns. What should the row contain if there is no "
        "column `x[i]`?",
        "Do not look up rows of the identity matrix: a label that is out of range would give the row of another "
        "class. For example, -1 would give the row of the last class. Compare the labels with the class numbers "
        "instead.",
        "`x[:, None]` is a column of labels, and `jnp.arange(n_classes)` is a row of class numbers. Comparing "
        "them with `==` gives a table of `True` and `False`, with one row per label.",
        "`return (x[:, None] == jnp.arange(n_classes)).astype(jnp.float32)`",
    ),
    "loss": (
        "Which of the network's log-probabilities says how wrong it is about an image?",
        "Only the log-probability of the right class counts. In `forward(params, images) * targets`, all other "
        "entries are 0 if the targets are one-hot.",
        "Take the mean over all entries, that is over the images and over the classes. Log-probabilities are "
        "never positive and a loss is never negative, so mind the sign.",
        "`return -jnp.mean(forward(params, images) * targets)`",
    ),
    "accuracy": (
        "Which class does the network find most likely for each image, and which class is the right one?",
        "`jnp.argmax` finds the position of the largest entry. Use it along the axis of the classes, for the "
        "predictions and for the targets.",
        "Comparing the predicted classes with the right ones gives true or false for each image. The mean of "
        "these is the fraction of right answers.",
        "`return jnp.mean(jnp.argmax(forward(params, images), axis=1) == jnp.argmax(targets, axis=1))`",
    ),
    "update": (
        "The gradient points in the direction in which the loss grows. In which direction should the parameters "
        "move, and how far?",
        "`jax.grad(loss)(params, x, y)` gives the gradient, with the same structure as `params`: a list of pairs "
        "`(w, b)`. JAX arrays cannot be changed, so return new parameters.",
        "`jax.tree.map(f, params, gradients)` calls `f` for each array of `params` and the matching array of "
        "`gradients`. Subtract `learning_rate` times the gradient.",
        "`return jax.tree.map(lambda p, g: p - learning_rate * g, params, jax.grad(loss)(params, x, y))`",
    ),
    "train_loop": (
        "What does one epoch do? It goes through all training images once, one batch at a time, and every batch "
        "gives new parameters. How do you repeat this `n_epochs` times? Begin with the first of the six steps in "
        "the exercise's description.",
        "Steps 1 and 2. Write two loops: `for epoch in range(1, n_epochs + 1)`, and inside it `for i in range(0, "
        "len(train_images), batch_size)`. A batch is `train_images[i : i + batch_size]` with the same slice of "
        "the labels. A slice that would go past the end stops there, so the last batch needs no special case. For"
        " each batch: `params = update(params, x, y, learning_rate)`.",
        "Step 3. If `labels.ndim == 1`, the labels are integers, so encode them with `one_hot(labels, "
        "len(params[-1][1]))`. Otherwise they are one-hot rows already. Do this for the training labels and the "
        "test labels, before the loop.",
        "Step 4. After each epoch, call `on_epoch(epoch=epoch, seconds=seconds, train_accuracy=…, "
        "test_accuracy=…, loss=…)`, unless `on_epoch` is None. `seconds` is the time that the epoch took, with "
        "the loading of batches and without the evaluation: measure it with `time.perf_counter()`. Compute the "
        "rest with the new `params`. `loss` is the loss on the training set.",
        "Step 5. If `key` is not None, shuffle in every epoch. With `n = len(train_images)`: `order = "
        "jax.random.permutation(jax.random.fold_in(key, epoch), n)`. Then `order[i : i + batch_size]` selects the"
        " images and the targets of a batch. Without a key, `order` is `jnp.arange(n)`.",
        "Step 6. If `batches` is not None, use the loop `for x, y in batches` in every epoch instead of slicing "
        "the training set. `y` may hold integers or one-hot rows, so encode it as in step 3.",
    ),
}
"""The hints of each component, in the order in which they are shown."""


def next_hint(exercises: Progress, component: str, solution: str) -> str:
    """The next hint of a component that is not about a step that passes already.

    After the last one, it is repeated, or in its place the hint for the first step that fails.
    """
    if exercises.without_hints:
        return f"Hints are switched off for these exercises. To read the task again: jax-mlp exercises read {component}"
    hints = HINTS[component]
    passed = exercises.steps_passed.get(component, 0)
    about = [re.match(r"Steps? (?:\d and )?(\d)\.", hint) for hint in hints]
    done = [number for number, step in enumerate(about, 1) if step and int(step[1]) <= passed]
    failing = [number for number, step in enumerate(about, 1) if step and int(step[1]) > passed]
    shown = exercises.hints_shown.get(component, 0)
    number = min(max([shown, *done]) + 1, len(hints))
    if shown == len(hints) and failing:
        number = failing[0]
    with contextlib.suppress(OSError):  # if the folder is read-only, the first hint is shown again
        exercises.remember(hints={component: max(shown, number)})
    last = f"\nThis was the last hint. To see the solution: {solution}" if number == len(hints) else ""
    return f"{component}, hint {number} of {len(hints)}: {hints[number - 1]}{last}"
