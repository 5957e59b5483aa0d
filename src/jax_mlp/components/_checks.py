r"""The checks of the components' arguments.

While JAX traces a function, it knows shapes and dtypes but not values. So these checks work under `jit` too, and cost
nothing once the function is compiled. Only `check_dataset`, which runs before training, looks at values.
"""

import operator

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array


def as_numbers(caller: str, name: str, value, kind=np.number) -> Array:
    """Return `value` as an array of real numbers, or raise TypeError. `kind` can be `np.floating` or `np.integer`."""
    wanted = {np.number: "real numbers", np.floating: "floating-point numbers", np.integer: "integers"}[kind]
    if isinstance(value, np.ndarray) and not value.dtype.isnative:
        raise TypeError(
            f"{caller}: expected {name} in the byte order of this machine, got dtype {value.dtype}. "
            f"Convert with {name}.astype(np.{value.dtype.name})."
        )
    try:
        value = detached(value)
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
    if isinstance(value, np.ndarray) and value.dtype.kind in "iu" and value.dtype != array.dtype:
        lost = value != np.asarray(array)  # JAX drops the upper half of what it cannot hold
        if lost.any():
            raise TypeError(
                f"{caller}: expected {name} to fit into {array.dtype}, got {value[lost][0]}. "
                "Use smaller numbers, or set JAX_ENABLE_X64=1."
            )
    return array


def detached(value):
    """A tensor of torch as NumPy's array, without what torch remembers for its gradient. Anything else as it is."""
    if not hasattr(value, "detach"):
        return value
    value = value.detach().cpu()
    half = str(value.dtype) == "torch.bfloat16"  # which NumPy gets to know through JAX
    return value.float().numpy().astype(jnp.bfloat16) if half else value.numpy()


def check_network(caller: str, params, images=None) -> None:
    """Raise ValueError or TypeError unless `params` are the layers of a network that takes `images`, if given."""
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
                "Flatten each image to one row, or pass a single image as image[None, :]."
            )
        width, source = images.shape[1], f"the images have {images.shape[1]} features"
    for layer, pair in enumerate(params):
        name = f"params[{layer}]"
        if not isinstance(pair, list | tuple) or len(pair) != 2:
            raise ValueError(
                f"{caller}: expected {name} to be a pair (w, b), got {_short(pair)}. Make params with init_mlp."
            )
        w = as_numbers(caller, f"{name}[0]", pair[0], np.floating)
        b = as_numbers(caller, f"{name}[1]", pair[1], np.floating)
        if w.ndim != 2 or b.shape != w.shape[:1]:
            raise ValueError(
                f"{caller}: expected {name} to be w of shape (out, in) and b of shape (out,), "
                f"got w.shape={w.shape} and b.shape={b.shape}. Make params with init_mlp."
            )
        if width is not None and w.shape[1] != width:
            raise ValueError(
                f"{caller}: expected {name} to take {width} inputs since {source}, got w.shape={w.shape}. "
                "Weights have shape (out, in), so check layer_sizes or transpose w."
            )
        width, source = w.shape[0], f"{name} gives {w.shape[0]} outputs"


def check_targets(caller: str, targets, predictions: Array) -> Array:
    """Return `targets` as an array, or raise ValueError unless it has the shape of `predictions` and is not empty."""
    targets = as_numbers(caller, "targets", targets)
    if targets.shape != predictions.shape:
        raise ValueError(
            f"{caller}: expected targets with the same shape as the predictions, got "
            f"targets.shape={targets.shape} and predictions.shape={predictions.shape}. "
            f"Encode labels with one_hot(labels, {predictions.shape[-1]})."
        )
    if predictions.shape[0] == 0:
        raise ValueError(
            f"{caller}: expected at least one image, got images of shape (0, features). "
            "The mean of no images is undefined, so leave out empty batches."
        )
    return targets


def check_key(caller: str, name: str, key) -> Array:
    """Return `key`, or raise TypeError unless it is one PRNG key, typed or raw."""
    raw = getattr(key, "dtype", None) == np.uint32 and np.shape(key) == np.shape(jax.random.key_data(jax.random.key(0)))
    typed = isinstance(key, Array) and jnp.issubdtype(key.dtype, jax.dtypes.prng_key) and key.shape == ()
    if not raw and not typed:
        raise TypeError(
            f"{caller}: expected {name} to be one PRNG key, got {_short(key)}. Make one with jax.random.key(0)."
        )
    return key


def check_count(caller: str, name: str, value, least: int) -> int:
    """Return `value` as a Python integer, or raise an error unless it is an integer of at least `least`."""
    try:
        count = operator.index(value)
    except TypeError as error:
        raise TypeError(f"{caller}: expected {name} to be an integer, got {_short(value)}.") from error
    if count < least:
        raise ValueError(f"{caller}: expected {name} of at least {least}, got {count}.")
    return count


def check_divides(caller: str, batch_size: int, n_devices: int) -> None:
    """Raise ValueError unless the batch size is divisible by the number of devices."""
    if batch_size % n_devices:
        raise ValueError(
            f"{caller}: expected a batch size divisible by the {n_devices} devices, got {batch_size}. "
            f"Try {-(-batch_size // n_devices) * n_devices}, or fewer devices."
        )


def check_dataset(caller: str, name: str, images, labels, n_features: int, n_classes: int) -> None:
    """Raise ValueError or TypeError unless images and labels are finite, of equal length, and fit the network.

    `labels` are integers from 0 to `n_classes - 1`, or rows of `n_classes` target probabilities.
    """
    names = f"{name}images", f"{name}labels"
    try:
        images, labels = np.asarray(detached(images)), np.asarray(detached(labels))
    except ValueError as error:  # rows of different lengths
        raise TypeError(f"{caller}: expected {' and '.join(names)} to be arrays, got {error}. Pass arrays.") from error
    for what, array in zip(names, (images, labels), strict=True):
        if array.dtype.kind not in "iuf" or not array.dtype.isnative:  # usual data are not copied to the device here
            as_numbers(caller, what, array.ravel()[:0])
    if images.ndim != 2 or images.shape[1] != n_features:
        raise ValueError(
            f"{caller}: expected {names[0]} of shape (n, {n_features}), since the first layer has {n_features} inputs, "
            f"got {images.shape}. Flatten each image to one row, and check layer_sizes."
        )
    if len(images) == 0:
        raise ValueError(f"{caller}: expected at least one image in {names[0]}, got none. Check how you load them.")
    if len(images) != len(labels):
        raise ValueError(
            f"{caller}: expected one label per image, got {len(images)} {names[0]} and {len(labels)} {names[1]}. "
            "Check that both come from the same split."
        )
    if not np.isfinite(images).all():
        row = int(np.argwhere(~np.isfinite(images))[0, 0])
        raise ValueError(
            f"{caller}: expected finite pixels, got {images[row][~np.isfinite(images[row])][0]} in {names[0]}[{row}]. "
            "Remove that row, or replace the values with numpy.nan_to_num."
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
