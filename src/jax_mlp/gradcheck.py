r"""Gradient checking: does a function really have the slope that its gradient says?

There are three checks, for any scalar function of any pytree of arrays. All of them compute in float64, because in
float32 the difference of two nearby values has hardly any correct digits.

- `check_gradient` compares every entry with a central difference, and names the entry that is wrong.
- `check_direction` compares the slope along one random direction. It takes two calls of the function, however large the
  tree.
- `check_taylor` measures how fast the error shrinks with the step. It rarely needs a tolerance.

Each check passes all further arguments on to the function. So a function that has been compiled once can be checked at
many points and with many batches.

At a kink, such as that of `relu` at 0, a function has no gradient to compare with. `kink_distance` measures how far a
network is from its nearest kink.
"""

from collections.abc import Callable
from contextlib import contextmanager
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Num

from jax_mlp._jax import enable_x64
from jax_mlp.components.init import Params

STEP = float(np.finfo(np.float64).eps ** (1 / 3))
"""A step close to the best one of a central difference. The page on checking gradients derives the best one."""


class GradientMismatch(AssertionError):
    """A gradient does not match its function."""


def check_gradient(
    f: Callable[..., Any], at: Any, *arguments: Any, gradient: Any = None, step: float = STEP, tolerance: float = 1e-6
) -> float:
    r"""Largest difference between a gradient and central differences, over all entries of all leaves.

    $$\frac{\partial f}{\partial \theta_i} \approx \frac{f(\theta + h e_i) - f(\theta - h e_i)}{2h}$$

    Args:
        f: A scalar function of a pytree, and of further arguments that are not differentiated.
        at: The pytree of arrays $\theta$.
        *arguments: The further arguments.
        gradient: The gradient to check, a pytree like `at`. Default: `jax.grad(f)(at, *arguments)`.
        step: The step $h$.
        tolerance: The largest allowed difference, divided by the gradient's largest absolute entry, or by 1 if that is
            larger. The default leaves room for the error of the central difference itself, $h^2 f''' / 6$. A smaller
            error is not detected, even if it is as large as the entry. If all entries are small, multiply `f` by a
            large number.

    Returns:
        The largest difference, divided by the same number as for `tolerance`.

    Raises:
        GradientMismatch: If a difference is larger. The message names the leaf, the index, both numbers and the step.
        ValueError: If `f` does not return a scalar, `gradient` does not have the structure of `at`, there is nothing to
            check, a number is not finite, or the step is not above 0.
        TypeError: If a leaf is not an array of floating-point numbers.

    Examples:
        >>> check_gradient(lambda x: jnp.sum(x**2), jnp.array([1.0, 2.0])) < 1e-9
        True
        >>> check_gradient(lambda x: jnp.sum(x**2), jnp.ones(2), gradient=jnp.array([2.0, 5.0]))
        ... # doctest: +NORMALIZE_WHITESPACE
        Traceback (most recent call last):
        jax_mlp.gradcheck.GradientMismatch: gradient of the array at index (1,): got 5.0,
            but a central difference with step 6.06e-06 gives 2.0
    """
    with _float64():
        along, slopes, theta, names = _prepare(f, at, arguments, gradient, step)
        differences = np.array([(along(step * e) - along(-step * e)) / (2 * step) for e in np.eye(len(theta))])
    errors = np.abs(slopes - differences) / max(1.0, np.abs(slopes).max())
    worst = int(np.argmax(np.where(np.isnan(errors), np.inf, errors)))
    if not errors[worst] <= tolerance:
        raise GradientMismatch(
            f"gradient of {names(worst)}: got {slopes[worst]:.9}, but a central difference with step {step:.3} gives "
            f"{differences[worst]:.9}"
        )
    return float(errors[worst])


def check_direction(
    f: Callable[..., Any],
    at: Any,
    *arguments: Any,
    gradient: Any = None,
    seed: int = 0,
    step: float = STEP,
    tolerance: float = 1e-6,
) -> float:
    r"""Difference between the slope that a gradient predicts along one random direction and the slope of its function.

    $$\nabla f \cdot v \approx \frac{f(\theta + h v) - f(\theta - h v)}{2h}, \qquad v \sim \mathcal N(0, I),\ |v| = 1$$

    Args:
        f: A scalar function of a pytree, and of further arguments that are not differentiated.
        at: The pytree of arrays $\theta$.
        *arguments: The further arguments.
        gradient: The gradient to check, a pytree like `at`. Default: `jax.grad(f)(at, *arguments)`.
        seed: The seed of the direction $v$.
        step: The step $h$.
        tolerance: The largest allowed difference, divided by the gradient's norm, or by 1 if that is larger.

    Returns:
        The difference, divided by the same number as for `tolerance`.

    Raises:
        GradientMismatch: If the difference is larger.
        ValueError: If `f` does not return a scalar, `gradient` does not have the structure of `at`, there is nothing to
            check, a number is not finite, or the step is not above 0.
        TypeError: If a leaf is not an array of floating-point numbers.

    Examples:
        >>> check_direction(lambda x: jnp.sum(x["a"] * x["b"]), {"a": jnp.ones(3), "b": jnp.ones((2, 1))}) < 1e-9
        True
    """
    with _float64():
        along, slopes, theta, _ = _prepare(f, at, arguments, gradient, step)
        v = _direction(len(theta), seed)
        difference = (along(step * v) - along(-step * v)) / (2 * step)
    error = float(abs(slopes @ v - difference)) / max(1.0, float(np.linalg.norm(slopes)))
    if not error <= tolerance:
        raise GradientMismatch(
            f"gradient along direction {seed}: got {slopes @ v:.9}, but a central difference with step {step:.3} gives "
            f"{difference:.9}. check_gradient says which entry is wrong"
        )
    return error


def check_taylor(
    f: Callable[..., Any], at: Any, *arguments: Any, gradient: Any = None, seed: int = 0, step: float = 2.0**-10
) -> float:
    r"""Order at which the first-order Taylor remainder shrinks with the step. It is 2 for a correct gradient.

    $$R(h) = |f(\theta + h v) - f(\theta) - h \nabla f \cdot v| = O(h^2)$$

    If the gradient is correct, halving the step quarters the remainder. If it is wrong, a term proportional to $h$
    remains, and halving the step only halves the remainder. If the order is unclear, `check_direction` decides.

    Args:
        f: A scalar function of a pytree and of further arguments. It must be twice differentiable at all points that
            are at most `step` away from `at`.
        at: The pytree of arrays $\theta$.
        *arguments: The further arguments.
        gradient: The gradient to check, a pytree like `at`. Default: `jax.grad(f)(at, *arguments)`.
        seed: The seed of the direction $v$, a unit vector.
        step: The largest step. It is halved six times.

    Returns:
        The median of the orders, one for each halving until the remainder is only rounding. It is infinity if even the
        largest remainder is only rounding, as for a linear function.

    Raises:
        GradientMismatch: If the order is below 1.9, and there is a term proportional to the step.
        ValueError: If `f` does not return a scalar, `gradient` does not have the structure of `at`, there is nothing to
            check, a number is not finite, or the step is not above 0.
        TypeError: If a leaf is not an array of floating-point numbers.

    Examples:
        >>> print(f"{check_taylor(lambda x: jnp.sum(jnp.sin(x)), jnp.arange(3.0)):.1f}")
        2.0
    """
    with _float64():
        along, slopes, theta, _ = _prepare(f, at, arguments, gradient, step)
        v = _direction(len(theta), seed)
        start, slope = along(0 * v), float(slopes @ v)
        steps = step * 2.0 ** -np.arange(7)
        remainders = np.array([abs(along(h * v) - start - h * slope) for h in steps])
    # The rounding error of a difference of two values of f, each the result of some hundred operations.
    noise = 100 * np.finfo(np.float64).eps * max(abs(start), 1e-3)
    seen = remainders[: int(np.argmax(remainders < noise))] if (remainders < noise).any() else remainders
    if len(seen) < 2 and not np.isnan(remainders).any():
        return float("inf")
    order = float(np.median(np.log2(seen[:-1] / seen[1:])))
    if not order >= 1.9:
        # If the terms in h² and h³ cancel at some step, the remainder of a correct gradient shrinks unevenly too. Only
        # a wrong gradient has a term in h, which the central difference detects.
        try:
            check_direction(f, at, *arguments, gradient=gradient, seed=seed)
        except GradientMismatch as mismatch:
            raise GradientMismatch(
                f"gradient along direction {seed}: the remainder shrinks with order {order:.2f} and not 2, from "
                f"{remainders[0]:.3} at step {steps[0]:.3} to {seen[-1]:.3} at step {steps[len(seen) - 1]:.3}. "
                "check_gradient says which entry is wrong"
            ) from mismatch
    return order


def kink_distance(params: Params, images: Num[ArrayLike, "batch features"]) -> float:
    """Distance from the nearest kink: the smallest absolute value of any input to a `relu` of the network.

    Args:
        params: One pair `(w, b)` per layer.
        images: A batch of images, one flattened image per row.

    Returns:
        The distance. It is infinity for a network without hidden layers.

    Examples:
        >>> w, b = jnp.ones((1, 1)), jnp.array([-0.5])
        >>> kink_distance([(w, b), (w, b)], jnp.array([[0.0], [2.0]]))
        0.5
    """
    distance, a = np.inf, np.asarray(images, np.float64)
    for w, b in params[:-1]:
        z = a @ np.asarray(w, np.float64).T + np.asarray(b, np.float64)
        distance = min(distance, float(np.abs(z).min(initial=np.inf)))
        a = np.maximum(z, 0)
    return distance


@contextmanager
def _float64():
    """Float64 in all that is computed, be JAX set to multiply matrices with less."""
    with enable_x64(), jax.default_matmul_precision("highest"):
        yield


def _compiled(f):
    def as_it_is_now(*arguments):  # JAX would remember f itself, but f may use names that mean something else by now
        return f(*arguments)

    return jax.jit(as_it_is_now), jax.jit(jax.grad(as_it_is_now))


def _prepare(f, at, arguments, gradient, step):
    """`f` as a function of an offset from `at`, the gradient and `at` as vectors, and a name for each entry."""
    value, compiled_gradient = _compiled(f)
    at, arguments = jax.tree.map(_as_float64, (at, arguments))
    for path, leaf in jax.tree_util.tree_leaves_with_path(at):
        where = _named(path)
        if leaf.dtype != np.float64:
            raise TypeError(
                f"gradcheck: expected floating-point numbers in {where} of at, got dtype {leaf.dtype}. Convert them, "
                "or pass constants as further arguments."
            )
        if not np.isfinite(leaf).all():
            raise ValueError(
                f"gradcheck: expected finite numbers in {where} of at, got {leaf[~np.isfinite(leaf)][0]}. "
                "Try another point."
            )
    if not sum(leaf.size for leaf in jax.tree.leaves(at)):
        raise ValueError(f"gradcheck: expected at least one number in at, got {at}. Pass the arrays to differentiate.")
    if not (np.isfinite(step) and step > 0):
        raise ValueError(f"gradcheck: expected a finite step above 0, got {step}. Leave it out to use the default.")
    result = jax.eval_shape(value, at, *arguments)
    if getattr(result, "shape", None) != ():
        what = f"shape {result.shape}" if hasattr(result, "shape") else f"a {type(result).__name__}"
        raise ValueError(f"gradcheck: expected f to return a scalar, got {what}. Return the sum, or a single entry.")
    start = float(value(at, *arguments))
    if not np.isfinite(start):
        raise ValueError(f"gradcheck: expected a finite value of f at this point, got {start}. Try another point.")
    if gradient is None:
        gradient = compiled_gradient(at, *arguments)
    shapes, wanted = (jax.tree.map(np.shape, tree) for tree in (gradient, at))
    if shapes != wanted:
        raise ValueError(
            f"gradcheck: expected a gradient with the structure and shapes of at, {wanted}, got {shapes}. "
            "Return one array per array of at."
        )
    leaves, structure = jax.tree.flatten(at)
    ends = np.cumsum([leaf.size for leaf in leaves])
    theta = np.concatenate([np.zeros(0), *map(np.ravel, leaves)])

    def along(offset):
        parts = np.split(theta + offset, ends[:-1])
        shaped = [part.reshape(leaf.shape) for part, leaf in zip(parts, leaves, strict=True)]
        return float(value(jax.tree.unflatten(structure, shaped), *arguments))

    def name(entry: int) -> str:
        leaf = int(np.searchsorted(ends, entry, side="right"))
        path = jax.tree_util.tree_leaves_with_path(at)[leaf][0]
        index = np.unravel_index(entry - ends[leaf] + leaves[leaf].size, leaves[leaf].shape)
        return f"{_named(path)} at index {tuple(map(int, index))}"

    slopes = np.concatenate(
        [np.zeros(0), *(np.ravel(np.asarray(leaf, np.float64)) for leaf in jax.tree.leaves(gradient))]
    )
    return along, slopes, theta, name


def _named(path) -> str:
    return f"leaf {jax.tree_util.keystr(path)}" if path else "the array"


def _as_float64(leaf):
    if isinstance(leaf, jax.Array) and jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key):
        return leaf  # NumPy has no such type
    array = np.asarray(leaf)
    return array.astype(np.float64) if jnp.issubdtype(array.dtype, jnp.floating) else array


def _direction(size: int, seed: int) -> np.ndarray:
    v = np.random.default_rng(seed).standard_normal(size)
    return v / np.linalg.norm(v)
