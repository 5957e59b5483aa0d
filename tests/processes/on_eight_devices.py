"""The laws of many devices. A process of its own has as many: `pytest tests/processes` starts this.

Numbers are float64 here, where rounding is so small that nothing but rounding passes for it.
"""

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import jax_mlp as mlp
from jax_mlp import parallel
from jax_mlp.components._epoch import learn
from jax_mlp.laws import oracle
from jax_mlp.laws.draws import exact_cases, keys
from jax_mlp.laws.expect import close, each, equal, holds

jax.config.update("jax_num_cpu_devices", 8)
jax.config.update("jax_enable_x64", True)

RATE = 0.125
NETWORKS = [((3, 8, 4, 2), 8), ((4, 4), 16)]
grids = st.sampled_from([(1, 1), (2, 1), (4, 1), (8, 1), (2, 2), (8, 2), (8, 4)])


def as_float64(params):
    """The parameters in float64."""
    return [tuple(np.asarray(part, np.float64) for part in layer) for layer in params]


def rounding(case):
    """The rounding error in float64 of another order of summation, for numbers of this size and some updates."""
    size = oracle.magnitude(case.params, case.images).max() * (1 + np.abs(case.images).max())
    return 2.0**-40 * size**2  # 2**-52 for each of some thousand additions


@given(exact_cases(NETWORKS), grids)
def test_an_update_is_the_same_on_any_grid(case, shape):
    """An update on a mesh gives the same result as on one device, for any batch and any sharding."""
    mesh, params = parallel.make_mesh(*shape), as_float64(case.params)
    batch = parallel.shard_batch((case.images.astype(float), case.targets.astype(float)), mesh)
    got = mlp.update(parallel.shard_params(params, mesh), *batch, RATE)
    each(close, got, mlp.update(params, case.images, case.targets, RATE), rounding(case))


@given(exact_cases(NETWORKS), grids, st.integers(0, 2), st.none() | keys())
def test_a_run_is_the_same_on_any_grid(case, shape, n_epochs, key):
    """A run on a mesh gives the same result as on one device, shuffled or not, even with a short last batch."""
    params, images = as_float64(case.params), np.concatenate([case.images, -case.images[:3]])
    labels = np.concatenate([case.labels, case.labels[:3]])

    def run(params):
        told = []
        trained = mlp.train_loop(
            params, images, images[:5], labels, labels[:5], n_epochs, batch_size=8, learning_rate=2.0**-6, key=key,
            on_epoch=lambda **figures: told.append([figures[name] for name in ("train_accuracy", "loss")]),
        )  # fmt: skip
        return trained, np.array(told)

    got, told = run(parallel.shard_params(params, parallel.make_mesh(*shape)))
    expected, should_be_told = run(params)
    each(close, got, expected, rounding(case))
    # Of the figures the loss: where two classes tie, rounding may turn an accuracy.
    close(told[..., -1:], should_be_told[..., -1:], rounding(case))


@given(exact_cases(NETWORKS), grids)
def test_placing_changes_nothing_but_the_place(case, shape):
    """Sharding does not change the parameters, and training does not modify the sharded or the original ones."""
    placed = parallel.shard_params(case.params, parallel.make_mesh(*shape))
    each(equal, placed, case.params)
    mlp.train_loop(placed, case.images, case.images, case.labels, case.labels, 1, batch_size=8)
    each(equal, placed, case.params)


@given(exact_cases(NETWORKS), grids)
def test_each_device_has_its_rows(case, shape):
    """The rows of a batch are on the devices in order, equally many on each along `data`."""
    mesh = parallel.make_mesh(*shape)
    images = parallel.shard_batch(case.images, mesh)
    n = mesh.shape["data"]
    for row, column in np.ndindex(mesh.devices.shape):
        (got,) = (part.data for part in images.addressable_shards if part.device == mesh.devices[row, column])
        equal(got, np.split(case.images, n)[row])


@pytest.mark.parametrize("model", [2, 4])
def test_wide_layers_stay_sharded(model):
    """Along `model`, each device has its part of a wide layer, before and after a run."""
    params = mlp.init_mlp([3, 8, 8, 8, 2], jax.random.key(0))
    placed = parallel.shard_params(params, parallel.make_mesh(8, model))
    x, labels = np.ones((16, 3)), np.arange(16) % 2
    trained = mlp.train_loop(placed, x, x, labels, labels, 1, batch_size=8)
    for layers in (placed, trained):
        kept = [w.addressable_shards[0].data.size for w, _ in layers]
        assert kept == [24 // model, 64 // model, 64 // model, 16 // model]


@pytest.mark.parametrize(("shape", "share"), [((1, 1), 1), ((2, 1), 2), ((8, 1), 8), ((8, 8), 8), ((8, 2), 8)])
def test_the_work_is_shared(shape, share):
    """Each of n devices does one n-th of the multiplications, as counted by the compiler."""

    def operations(mesh):
        params = parallel.shard_params(mlp.init_mlp([64, 64, 64, 8], jax.random.key(0)), mesh)
        x, labels = np.ones((64, 64)), np.zeros(64, int)
        compiled = learn.lower(params, x, labels, None, 1, RATE, 1.0, 64, mesh).compile()
        return compiled.cost_analysis()["flops"]

    got = operations(parallel.make_mesh(1)) / operations(parallel.make_mesh(*shape))
    holds(0.7 * share <= got <= share, got, f"nearly {share}: the rest is what every device does for itself")


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda: parallel.make_mesh(9), "make_mesh: expected n_devices to be at most 8, the number of devices, got 9"),
        (lambda: parallel.make_mesh(0), "make_mesh: expected n_devices of at least 1, got 0"),
        (lambda: parallel.make_mesh(8, 3), "make_mesh: expected model to divide the 8 devices, got model=3"),
        (
            lambda: parallel.shard_batch(np.ones((12, 2)), parallel.make_mesh(8)),
            "shard_batch: expected a batch size divisible by the 8 devices, got 12. Try 16, or fewer devices",
        ),
        (
            lambda: mlp.train_loop(
                parallel.shard_params([(np.ones((2, 3)), np.ones(2))], parallel.make_mesh(8)),
                np.ones((9, 3)), np.ones((9, 3)), np.zeros(9, int), np.zeros(9, int), batch_size=9,
            ),
            "train_loop: expected a batch size divisible by the 8 devices, got 9. Try 16",
        ),
    ],
)  # fmt: skip
def test_refuses(ask, words):
    """Batches that cannot be sharded give an error with a remedy."""
    with pytest.raises(ValueError, match=words):
        ask()
