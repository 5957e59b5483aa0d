"""The time of an epoch, here and in other libraries: `python -m tests.benchmarks.epoch`, or with its path.

The same network is trained on the same images in the same batches, without shuffling, in float32, by gradient descent:

- jax_mlp: `train_loop`, as it is
- guide: one compiled update per batch, called from a loop in Python, with batches that are NumPy arrays
- torch, torch compiled: nn.Sequential, cross_entropy and optim.SGD, as they are and with torch.compile
- equinox, flax: eqx.nn.MLP and nnx.Linear with optax.sgd, one compiled step per batch, as in their documentation
- products: only the matrix products of an epoch, in one compiled call: a lower bound
- products, step: the same, and a step of every weight: a lower bound for gradient descent
- products, written: the products with `slope.T @ activations`, of which XLA computes one twice

They alternate, one epoch each, and ratios are taken within a round. Compilation happens in an extra first epoch, whose
time is shown separately. To install the other libraries: pip install -e ".[bench]"

With JAX_PLATFORMS=cuda, all of this runs on a GPU, where JAX and torch both compute in full float32.
"""

import importlib.util
import statistics
import sys
import time
from functools import partial
from itertools import pairwise
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))

import jax_mlp as mlp
from jax_mlp.components._epoch import measure
from jax_mlp.components.train_loop import epochs
from jax_mlp.data import load_mnist_5k
from tests.benchmarks.machine import describe, many_products, parser, products_and_step, spread, write, written

SIZES, BATCH, RATE = [784, 512, 512, 10], 128, 0.1


def ours(images, labels):
    """`train_loop`, an epoch at a time."""
    params = mlp.init_mlp(SIZES, jax.random.key(0), mlp.he)
    few = images[:1], labels[:1]
    told = epochs(
        params, images, few[0], labels, few[1], 10**9, learning_rate=RATE, batch_size=BATCH, measure_every=10**9
    )
    return lambda: next(told)


def guide(images, labels):
    """An update per batch, as the guide goes about it."""
    params = mlp.init_mlp(SIZES, jax.random.key(0), mlp.he)
    batches = [(images[i : i + BATCH], np.eye(10, dtype=np.float32)[labels[i : i + BATCH]]) for i in starts(images)]

    def epoch():
        nonlocal params
        for x, y in batches:
            params = mlp.update(params, x, y, RATE)
        jax.block_until_ready(params)

    return epoch


def torch_eager(images, labels, compiled=False):
    """The loop of torch's own introduction."""
    import torch
    from torch import nn

    torch.manual_seed(0)
    device = torch.device("cuda" if jax.default_backend() == "gpu" else "cpu")
    layers = [nn.Linear(*sizes) for sizes in pairwise(SIZES)]
    model = nn.Sequential(*(part for layer in layers[:-1] for part in (layer, nn.ReLU())), layers[-1]).to(device)
    optimizer = torch.optim.SGD(model.parameters(), lr=RATE / 10)
    x, y = torch.from_numpy(images).to(device), torch.from_numpy(labels).long().to(device)

    def step(x, y):
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()

    step = torch.compile(step) if compiled else step

    def epoch():
        for i in starts(images):
            step(x[i : i + BATCH], y[i : i + BATCH])
        if device.type == "cuda":
            torch.cuda.synchronize()

    return epoch


def torch_compiled(images, labels):
    """The same, with its step compiled."""
    return torch_eager(images, labels, compiled=True)


def equinox(images, labels):
    """A filter_jit-ed step per batch."""
    import equinox as eqx
    import optax

    model = eqx.nn.MLP(784, 10, 512, 2, key=jax.random.key(0))
    optimizer = optax.sgd(RATE / 10)
    state = optimizer.init(eqx.filter(model, eqx.is_array))
    x, y = jnp.asarray(images), jnp.asarray(labels)

    @eqx.filter_jit
    def step(model, state, x, y):
        def loss(model):
            return optax.softmax_cross_entropy_with_integer_labels(jax.vmap(model)(x), y).mean()

        updates, state = optimizer.update(eqx.filter_grad(loss)(model), state)
        return eqx.apply_updates(model, updates), state

    def epoch():
        nonlocal model, state
        for i in starts(images):
            model, state = step(model, state, x[i : i + BATCH], y[i : i + BATCH])
        jax.block_until_ready(eqx.filter(model, eqx.is_array))

    return epoch


def flax(images, labels):
    """An nnx.jit-ed step per batch."""
    import optax
    from flax import nnx

    rngs = nnx.Rngs(0)
    layers = [nnx.Linear(*sizes, rngs=rngs) for sizes in pairwise(SIZES)]
    model = nnx.Sequential(*(part for layer in layers[:-1] for part in (layer, nnx.relu)), layers[-1])
    optimizer = nnx.Optimizer(model, optax.sgd(RATE / 10), wrt=nnx.Param)
    x, y = jnp.asarray(images), jnp.asarray(labels)

    @nnx.jit
    def step(model, optimizer, x, y):
        def loss(model):
            return optax.softmax_cross_entropy_with_integer_labels(model(x), y).mean()

        optimizer.update(model, nnx.grad(loss)(model))

    def epoch():
        for i in starts(images):
            step(model, optimizer, x[i : i + BATCH], y[i : i + BATCH])
        jax.block_until_ready(nnx.state(model))

    return epoch


def products_alone(run, images, labels):
    """The matrix products, and nothing else but what `run` adds to them."""
    weights = [w for w, _ in mlp.init_mlp(SIZES, jax.random.key(0), mlp.he)]
    whole = len(images) - len(images) % BATCH
    batches = jnp.asarray(images[:whole].reshape(-1, BATCH, 784))
    run = jax.jit(run)
    return lambda: jax.block_until_ready(run(weights, batches))


def starts(images):
    """Where the batches begin."""
    return range(0, len(images), BATCH)


CONTENDERS = {
    "jax_mlp": (ours, ()),
    "guide": (guide, ()),
    "torch": (torch_eager, ("torch",)),
    "torch compiled": (torch_compiled, ("torch",)),
    "equinox": (equinox, ("equinox", "optax")),
    "flax": (flax, ("flax", "optax")),
    "products": (partial(products_alone, many_products), ()),
    "products, step": (partial(products_alone, products_and_step), ()),
    "products, written": (partial(products_alone, partial(many_products, for_weights=written)), ()),
}


def seconds(epoch) -> float:
    """How long it takes."""
    start = time.perf_counter()
    epoch()
    return time.perf_counter() - start


def main() -> None:
    """Measure, print, and write if asked."""
    arguments = parser(__doc__)
    arguments.add_argument("--rounds", type=int, default=15)
    arguments.add_argument("--updates", type=int, default=156, help="in an epoch, of 128 images each; default: 156")
    options = arguments.parse_args()
    jax.config.update("jax_default_matmul_precision", "highest")  # on a GPU, as torch does unless it is told otherwise
    digits = load_mnist_5k()
    times = -(-options.updates * BATCH // len(digits.train_images))
    pixels = np.tile(digits.train_images, (times, 1))[: options.updates * BATCH]
    labels = np.tile(digits.train_labels, times)[: len(pixels)].astype(np.int32)
    images = pixels.astype(np.float32) / 255

    first, ready = {}, {}
    for name, (make, needs) in CONTENDERS.items():
        if missing := [package for package in needs if importlib.util.find_spec(package) is None]:
            print(f'{name}: left out, {" and ".join(missing)} missing. Install: pip install -e ".[bench]"')
            continue
        start = time.perf_counter()
        ready[name] = make(images, labels)
        ready[name]()
        first[name] = time.perf_counter() - start
    took = {name: [] for name in ready}
    for turn in range(options.rounds):
        names = list(ready)
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            took[name].append(seconds(ready[name]))

    machine = describe("torch", "equinox", "flax", "optax")
    print(f"{machine}\n{len(images)} images in batches of {BATCH}, layers {SIZES}, {options.rounds} rounds\n")
    print("an epoch of           takes   / jax_mlp (least to greatest)   / products    first, compiling included")
    measured = {}
    for name in ready:
        to = {
            other: spread([a / b for a, b in zip(took[name], took[other], strict=True)])
            for other in ("jax_mlp", "products", "products, step", "products, written")
        }
        measured[name] = {"seconds": spread(took[name]), "to": to, "first": first[name]}
        print(
            f"{name:<18}{statistics.median(took[name]):7.3f} s {to['jax_mlp']['median']:9.2f} "
            f"({to['jax_mlp']['least']:.2f} to {to['jax_mlp']['greatest']:.2f}) "
            f"{to['products']['median']:16.2f} {first[name]:18.1f} s"
        )
    limits = [f"{ratio['median']:.2f} of {other}" for other, ratio in measured["jax_mlp"]["to"].items()]
    print(f"\njax_mlp: {'; '.join(limits[1:])}")

    params = mlp.init_mlp(SIZES, jax.random.key(0), mlp.he)
    data, few = jax.device_put(((images, labels), (images[:1], labels[:1])))
    looks = [seconds(lambda: jax.block_until_ready(measure(params, data, few, 1.0, None))) for _ in range(6)][1:]
    share = statistics.median(looks) / statistics.median(took["jax_mlp"])
    print(f"accuracy and loss on all these images: {share:.2f} of an epoch of jax_mlp")
    setting = {"machine": machine, "images": len(images), "batch": BATCH, "sizes": SIZES, "rounds": options.rounds}
    write(options.json, {**setting, "contenders": measured, "measuring": share})


if __name__ == "__main__":
    main()
