"""A multi-layer perceptron in plain JAX: eight components, each one short, documented and property-tested."""

# isort: off (teaching order)
from jax_mlp.components.accuracy import accuracy
from jax_mlp.components.forward import forward
from jax_mlp.components.init import glorot, he, init_mlp, init_weights_biases
from jax_mlp.components.loss import loss
from jax_mlp.components.one_hot import one_hot
from jax_mlp.components.relu import relu
from jax_mlp.components.train_loop import train_loop
from jax_mlp.components.update import update
from jax_mlp.parameters import from_state_dict, load, save, state_dict

# isort: on

__version__ = "0.1.0"

__all__ = [  # noqa: RUF022 (teaching order)
    "init_weights_biases",
    "init_mlp",
    "he",
    "glorot",
    "relu",
    "forward",
    "one_hot",
    "loss",
    "accuracy",
    "update",
    "train_loop",
    "save",
    "load",
    "state_dict",
    "from_state_dict",
]
