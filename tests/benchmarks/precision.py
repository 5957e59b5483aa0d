"""The effect of fewer digits in matrix products on a network: `python -m tests.benchmarks.precision`.

Three formats are compared: float32, TF32, to which GPUs round the inputs of a product unless they are told otherwise,
and bfloat16, to which TPUs do. On a GPU or a TPU, JAX is told which format to use. A CPU always computes in float32, so
there the inputs of each product are rounded first, in the gradients too.

For each format, a network is trained twice with the same seed. Then the errors of its log-probabilities and of its
gradient are measured against float64, and the laws of forward are tested on a forward that rounds in this way.
"""

import sys
from pathlib import Path

import jax
import numpy as np

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))

import jax_mlp as mlp
from jax_mlp.data import load_mnist_5k
from jax_mlp.laws import oracle
from jax_mlp.recipes import TUNED
from jax_mlp.runs import initial
from tests.benchmarks.machine import describe, parser, write

FORMATS = {"float32": 23, "tensorfloat32": 10, "bfloat16": 7}
"""The bits of the fraction of each format. All have the 8 bits of float32 for the exponent."""


def rounded(function, bits: int):
    """The same function, in which the inputs of every matrix product are rounded to some bits of fraction."""

    def call(*arguments):
        closed, shape = jax.make_jaxpr(function, return_shape=True)(*arguments)
        results = _evaluated(closed.jaxpr, closed.consts, jax.tree.leaves(arguments), bits)
        return jax.tree.unflatten(jax.tree.structure(shape), results)

    return call


def _evaluated(jaxpr, consts, arguments, bits: int) -> list:
    values = dict(zip([*jaxpr.constvars, *jaxpr.invars], [*consts, *arguments], strict=True))
    for equation in jaxpr.eqns:
        inputs = [values[v] if hasattr(v, "count") else v.val for v in equation.invars]  # a literal has a value
        inner = equation.params.get("jaxpr", equation.params.get("call_jaxpr"))
        if inner is not None:  # a function within the function
            results = _evaluated(inner.jaxpr, inner.consts, inputs, bits)
        else:
            if equation.primitive.name == "dot_general":
                inputs = [_round(x, bits) for x in inputs]
            results = equation.primitive.bind(*inputs, **equation.params)
            results = results if equation.primitive.multiple_results else [results]
        values |= zip(equation.outvars, results, strict=True)
    return [values[v] if hasattr(v, "count") else v.val for v in jaxpr.outvars]


def _round(x, bits: int):
    floats = jax.numpy.issubdtype(x.dtype, jax.numpy.floating)  # integers of pixels have few digits as they are
    return jax.lax.reduce_precision(x, exponent_bits=8, mantissa_bits=bits) if floats else x


def in_format(name: str, function):
    """A compiled function whose matrix products take inputs of this format, for real or by rounding."""
    if jax.default_backend() == "cpu":
        return jax.jit(rounded(function, FORMATS[name]))

    def call(*arguments):
        with jax.default_matmul_precision(name):
            return function(*arguments)

    return jax.jit(call)


def trained(name: str, digits, n_epochs: int):
    """The parameters after training by the tuned recipe, on all batches that are full."""
    update, params = in_format(name, mlp.update), initial(TUNED)
    images = digits.train_images * np.float32(TUNED.pixel_scale)
    targets = mlp.one_hot(digits.train_labels, 10)
    for epoch in range(n_epochs):
        order = np.random.default_rng(epoch).permutation(len(images))
        for start in range(0, len(order) - TUNED.batch_size + 1, TUNED.batch_size):
            rows = order[start : start + TUNED.batch_size]
            params = update(params, images[rows], targets[rows], TUNED.learning_rate)
    return jax.tree.map(np.asarray, params)


def error(got, right) -> float:
    """The length of the difference between two results, relative to the length of the right one."""
    flat = [np.concatenate([np.ravel(leaf) for leaf in jax.tree.leaves(each)]) for each in (got, right)]
    return float(np.linalg.norm(flat[0].astype(np.float64) - flat[1]) / np.linalg.norm(flat[1]))


def main() -> None:
    """Measure, print, and write if asked."""
    arguments = parser(__doc__)
    arguments.add_argument("--epochs", type=int, default=TUNED.epochs_on(4000), help="default: %(default)s")
    options = arguments.parse_args()
    digits = load_mnist_5k()
    x, labels = digits.test_images * np.float32(TUNED.pixel_scale), digits.test_labels
    few, y = x[:128], np.eye(10, dtype=np.float32)[labels[:128]]
    simulated = jax.default_backend() == "cpu"
    print(f"{describe()}{', rounding simulated' if simulated else ''}\n{options.epochs} epochs of 4,000 digits\n")
    params, formats = None, {}
    for name, bits in FORMATS.items():
        ends = [trained(name, digits, options.epochs) for _ in range(2)]
        params = ends[0] if params is None else params  # errors are those of one network, trained in float32
        log_p = np.asarray(in_format(name, mlp.forward)(params, x))
        right = oracle.log_softmax(oracle.logits(params, x))
        laws = mlp.check({"forward": rounded(mlp.forward, bits)}).laws
        formats[name] = {
            "bits": bits,
            "error of log-probabilities": error(log_p, right),
            "error of the gradient": error(
                in_format(name, jax.grad(mlp.loss))(params, few, y), oracle.gradient(params, few, y)
            ),
            "other answers": int((log_p.argmax(axis=1) != right.argmax(axis=1)).sum()),
            "accuracy": oracle.accuracy(ends[0], x, np.eye(10)[labels]),
            "same bits": all(map(np.array_equal, *map(jax.tree.leaves, ends))),
            "laws": [sum(law.state == "passed" for law in laws), len(laws)],
        }
        print(name, *(f"{what}: {value}" for what, value in formats[name].items()), sep="\n    ", flush=True)
    setting = {"machine": describe(), "simulated": simulated, "epochs": options.epochs, "images": len(x)}
    write(options.json, {**setting, "formats": formats})


if __name__ == "__main__":
    main()
