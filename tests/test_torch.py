"""Comparisons with torch: the same network as an nn.Sequential, with torch's own autograd and SGD."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given

import jax_mlp
from jax_mlp.laws import oracle
from jax_mlp.laws.draws import exact_cases, powers_of_two, wide_cases
from jax_mlp.laws.expect import ROUNDING, close, each, equal

torch = pytest.importorskip("torch", reason="needs the extra torch")


def sequential(params):
    """The network as an nn.Sequential with these weights, which torch stores as (out, in) too."""
    layers = []
    for w, b in params:
        linear = torch.nn.Linear(w.shape[1], w.shape[0])
        with torch.no_grad():
            linear.weight.copy_(torch.tensor(w))
            linear.bias.copy_(torch.tensor(b))
        layers += [linear, torch.nn.ReLU()]
    return torch.nn.Sequential(*layers[:-1], torch.nn.LogSoftmax(dim=1))


def pairs(arrays):
    """A flat list of weights and biases as pairs."""
    arrays = [a.detach().numpy() for a in arrays]
    return list(zip(arrays[::2], arrays[1::2], strict=True))


def rounding(case):
    """The rounding error of a gradient."""
    growth = oracle.growth(case.params)
    return ROUNDING * oracle.magnitude(case.params, case.images).max() * growth * (1 + np.abs(case.images).max())


@given(wide_cases())
def test_forward_is_torchs_sequential(impl, case):
    """`forward` equals torch's nn.Sequential of Linear, ReLU and LogSoftmax, up to rounding."""
    expected = sequential(case.params)(torch.tensor(case.images)).detach().numpy()
    close(impl.forward(case.params, case.images), expected, ROUNDING * oracle.magnitude(case.params, case.images))


@given(wide_cases())
def test_loss_is_torchs_cross_entropy_over_k(impl, case):
    """The loss equals torch's cross-entropy of the logits, divided by the number of classes."""
    logits = torch.tensor(oracle.logits(case.params, case.images))
    expected = torch.nn.functional.cross_entropy(logits, torch.tensor(case.labels, dtype=torch.int64))
    got = impl.loss(case.params, case.images, case.targets)
    close(got, expected.item() / case.n_classes, ROUNDING * oracle.magnitude(case.params, case.images).max())


@given(exact_cases())
def test_gradient_is_torchs(impl, case):
    """The gradient equals that of torch's autograd."""
    network = sequential(case.params)
    value = -(network(torch.tensor(case.images)) * torch.tensor(case.targets)).mean()
    expected = pairs(torch.autograd.grad(value, list(network.parameters())))
    each(close, impl.loss.gradient(case.params, case.images, case.targets), expected, rounding(case))


@given(exact_cases(), powers_of_two(-6, 3))
def test_update_is_torchs_sgd(impl, case, rate):
    """The update gives the same parameters as a step of torch.optim.SGD."""
    network = sequential(case.params)
    optimiser = torch.optim.SGD(network.parameters(), lr=rate)
    (-(network(torch.tensor(case.images)) * torch.tensor(case.targets)).mean()).backward()
    optimiser.step()
    got = impl.update(case.params, case.images, case.targets, rate)
    each(close, got, pairs(network.parameters()), (1 + rate) * rounding(case))


@given(case=wide_cases())
def test_parameters_travel_both_ways(case):
    """An nn.Sequential can load a network's state_dict, gives the same outputs, and gives the network back."""
    network = sequential([(np.zeros_like(w), np.zeros_like(b)) for w, b in case.params])
    network.load_state_dict({name: torch.tensor(array) for name, array in jax_mlp.state_dict(case.params).items()})
    got = network(torch.tensor(case.images)).detach().numpy()
    close(got, jax_mlp.forward(case.params, case.images), ROUNDING * oracle.magnitude(case.params, case.images))
    each(equal, jax_mlp.from_state_dict(network.state_dict()), case.params)


def test_parameters_that_require_gradients():
    """What torch trains is taken as it is, in half precision too."""
    net = torch.nn.Sequential(torch.nn.Linear(4, 3))
    for half in (net, net.to(torch.bfloat16)):
        params = jax_mlp.from_state_dict(dict(half.named_parameters()))
        np.testing.assert_array_equal(np.asarray(params[0][0], np.float32), half[0].weight.detach().float().numpy())


def test_batches_in_half_precision_and_workers_as_torch_would_have_them():
    """`NumpyLoader` gives torch's bfloat16 as NumPy's, and a start method of `None`, torch's default, means its own."""
    from jax_mlp.data.loader import NumpyLoader

    images = torch.ones(2, 4, dtype=torch.bfloat16)
    for options in ({}, {"num_workers": 1, "multiprocessing_context": None}):
        ((x, y),) = NumpyLoader([*zip(images, [0, 1], strict=True)], batch_size=2, **options)
        assert (x.dtype, x.shape, y.tolist()) == (jnp.bfloat16, (2, 4), [0, 1])


def test_batches_of_a_plain_dataloader():
    """Tensors of torch's own DataLoader train a network as arrays and lists do."""
    x, y = np.eye(3, 4, dtype=np.float32), [0, 1, 2]
    params = jax_mlp.init_mlp([4, 3], jax.random.key(0))
    loader = torch.utils.data.DataLoader([*zip(x, y, strict=True)], batch_size=3)
    trained = [
        jax_mlp.train_loop(params, x, x, y, y, 1, batches=each) for each in (loader, [(x, y)], [(x, np.array(y))])
    ]
    for (w, _), *_ in trained[:2]:
        np.testing.assert_array_equal(w, trained[2][0][0])
