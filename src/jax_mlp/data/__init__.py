"""The handwritten digits: `mnist-5k`, which needs no internet connection, and `mnist`, the full set."""

from jax_mlp.data.dataset import Dataset
from jax_mlp.data.mnist import load_mnist
from jax_mlp.data.mnist_5k import load_mnist_5k

DATASETS = {"mnist-5k": load_mnist_5k, "mnist": load_mnist}

__all__ = ["DATASETS", "Dataset", "load_mnist", "load_mnist_5k"]
