r"""The questions every component asks of its arguments.

Values are unknown while JAX traces a function, but shapes and dtypes are known. So these checks work under `jit`
too, and cost nothing once compiled. Only `check_dataset`, where data enters, looks at values.
"""

import operator

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array


def as_numbers(caller: str, name: str, value, kind=np.number) -> Array:
    """`value` as an array of real numbers (`kind` narrows it to `np.floating` or `np.integer`), or TypeError."""
    wanted = {np.number: "real numbers", np.floating: "floating-point numbers", np.integer: "integers"}[kind]
    try:
        array = value if isinstance(value, Array) else jnp.array(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise TypeError(
            f"{caller}: expected {name} to be an array of {wanted}, got {_short(value)}. Pass a NumPy or JAX array."
        ) from error
    if not jnp.issubdtype(array.dtype, kind) or jnp.issubdtype(array.dtype, jnp.complexfloating):
        raise TypeError(
            f"{caller}: expected {name} to hold {wanted}, got dtype {array.dtype}. "
            f"Convert with {name}.astype({'int' if kind is np.integer else 'jnp.float32'})."
        )
    return array


def check_network(caller: str, params, images=None) -> None:
    """ValueError or TypeError unless `params` is a chain of `(w, b)` layers, one that takes `images` if given."""
    if not isinstance(params, list | tuple) or not params:
        raise ValueError(
            f"{caller}: expected params to be a list with one (w, b) pair per layer, got {_short(params)}. "
            "Make one with init_mlp."
        )
    width = source = None
    if images is not None:
        images = as_numbers(caller, "images", images)
        if images.ndim != 2:
            raise ValueError(
                f"{caller}: expected images of shape (batch, features), got images.shape={images.shape}. "
                "Flatten each image to one row; a single image is a batch of one, image[None, :]."
            )
        width, source = images.shape[1], f"the images have {images.shape[1]} features"
    for layer, pair in enumerate(params):
        name = f"params[{layer}]"
        if not isinstance(pair, list | tuple) or len(pair) != 2:
            raise ValueError(f"{caller}: expected {name} to be a pair (w, b), got {_short(pair)}. See init_mlp.")
        w = as_numbers(caller, f"{name}[0]", pair[0], np.floating)
        b = as_numbers(caller, f"{name}[1]", pair[1], np.floating)
        if w.ndim != 2 or b.shape != w.shape[:1]:
            raise ValueError(
                f"{caller}: expected {name} to be w of shape (out, in) and b of shape (out,), "
                f"got w.shape={w.shape} and b.shape={b.shape}. See init_mlp."
            )
        if width is not None and w.shape[1] != width:
            raise ValueError(
                f"{caller}: expected {name} to take {width} inputs since {source}, got w.shape={w.shape}. "
                "Weights are (out, in): check layer_sizes, or transpose w."
            )
        width, source = w.shape[0], f"{name} gives {w.shape[0]} outputs"


def check_targets(caller: str, targets, predictions: Array) -> Array:
    """`targets` as an array shaped like `predictions`, which hold at least one row."""
    targets = as_numbers(caller, "targets", targets)
    if targets.shape != predictions.shape:
        raise ValueError(
            f"{caller}: expected targets with the same shape as the predictions, got "
            f"targets.shape={targets.shape} and predictions.shape={predictions.shape}. "
            f"Encode labels with one_hot(labels, {predictions.shape[-1]})."
        )
    if predictions.shape[0] == 0:
        raise ValueError(
            f"{caller}: expected at least one image, got images of shape (0, features): "
            "a mean over nothing has no value. Leave empty batches out."
        )
    return targets


def check_key(caller: str, name: str, key) -> Array:
    """`key` as one PRNG key, typed (`jax.random.key`) or raw (`jax.random.PRNGKey`)."""
    raw = getattr(key, "dtype", None) == np.uint32 and np.shape(key) == np.shape(jax.random.key_data(jax.random.key(0)))
    typed = isinstance(key, Array) and jnp.issubdtype(key.dtype, jax.dtypes.prng_key) and key.shape == ()
    if not raw and not typed:
        raise TypeError(
            f"{caller}: expected {name} to be one PRNG key, got {_short(key)}. Make one with jax.random.key(0)."
        )
    return key


def check_count(caller: str, name: str, value, least: int) -> int:
    """`value` as a Python integer of at least `least`."""
    try:
        count = operator.index(value)
    except TypeError as error:
        raise TypeError(f"{caller}: expected {name} to be an integer, got {_short(value)}.") from error
    if count < least:
        raise ValueError(f"{caller}: expected {name} of at least {least}, got {count}.")
    return count


def check_divides(caller: str, batch_size: int, n_devices: int) -> None:
    """ValueError unless a batch can be split evenly."""
    if batch_size % n_devices:
        raise ValueError(
            f"{caller}: expected a batch that divides between {n_devices} devices, got {batch_size} images. "
            f"Try {-(-batch_size // n_devices) * n_devices}, or fewer devices."
        )


def check_dataset(caller: str, name: str, images, labels, n_features: int, n_classes: int) -> None:
    """ValueError or TypeError unless these can be learnt from: finite, of equal length, labels that name classes.

    `labels` are integers in `[0, n_classes)` or rows of `n_classes` target probabilities.
    """
    images, labels = np.asarray(images), np.asarray(labels)
    names = f"{name}images", f"{name}labels"
    for what, array in zip(names, (images, labels), strict=True):
        if array.dtype.kind not in "iuf":  # saves the usual case from being put on the device twice
            as_numbers(caller, what, array[:0])
    if images.ndim != 2 or images.shape[1] != n_features:
        raise ValueError(
            f"{caller}: expected {names[0]} of shape (n, {n_features}), as the first layer of params takes, "
            f"got {images.shape}. Flatten each image to one row, and check layer_sizes."
        )
    if len(images) == 0:
        raise ValueError(f"{caller}: expected at least one image in {names[0]}, got none. Check how they were read.")
    if len(images) != len(labels):
        raise ValueError(
            f"{caller}: expected one label per image, got {len(images)} {names[0]} and {len(labels)} {names[1]}. "
            "Check that both come from the same split."
        )
    if not np.isfinite(images).all():
        row = int(np.argwhere(~np.isfinite(images))[0, 0])
        raise ValueError(
            f"{caller}: expected finite pixels, got {images[row][~np.isfinite(images[row])][0]} in {names[0]}[{row}]. "
            "Remove that row or mend it with numpy.nan_to_num."
        )
    if labels.ndim == 1:
        if not np.issubdtype(labels.dtype, np.integer):
            raise TypeError(
                f"{caller}: expected {names[1]} to be integers or one-hot rows, got dtype {labels.dtype}. "
                "Convert with labels.astype(int)."
            )
        outside = (labels < 0) | (labels >= n_classes)
        if outside.any():
            row = int(outside.argmax())
            raise ValueError(
                f"{caller}: expected labels from 0 to {n_classes - 1}, got {labels[row]} in {names[1]}[{row}]. "
                "Renumber the classes from 0, or give the last layer more outputs."
            )
    elif labels.shape != (len(images), n_classes):
        raise ValueError(
            f"{caller}: expected {names[1]} of shape ({len(images)},) or ({len(images)}, {n_classes}), "
            f"got {labels.shape}. Pass integers, or encode them with one_hot(labels, {n_classes})."
        )
    elif not np.isfinite(labels).all() or (labels < 0).any():
        raise ValueError(
            f"{caller}: expected targets of 0 or more in {names[1]}, got {labels.min()}. Encode labels with one_hot."
        )


def _short(value) -> str:
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        return f"an array of shape {value.shape} and dtype {value.dtype}"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
