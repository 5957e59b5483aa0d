"""A multi-layer perceptron in plain JAX: eight components, each one short, documented and property-tested."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jax_mlp.checking.notebook import check, hint, solution
    from jax_mlp.components.accuracy import accuracy
    from jax_mlp.components.forward import forward
    from jax_mlp.components.init import he, init_mlp, init_weights_biases, lecun
    from jax_mlp.components.loss import loss
    from jax_mlp.components.one_hot import one_hot
    from jax_mlp.components.relu import relu
    from jax_mlp.components.train_loop import train_loop
    from jax_mlp.components.update import update
    from jax_mlp.parameters import from_state_dict, load, save, state_dict

__version__ = "0.1.0"

__all__ = [  # noqa: RUF022 (teaching order)
    "relu",
    "init_weights_biases",
    "init_mlp",
    "he",
    "lecun",
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
    "check",
    "hint",
    "solution",
]

_HOMES = {
    "components.init": ("init_weights_biases", "init_mlp", "he", "lecun"),
    "parameters": ("save", "load", "state_dict", "from_state_dict"),
    "checking.notebook": ("check", "hint", "solution"),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str):
    """Import a name when it is first asked for: the command line and pytest's options need no JAX."""
    if name not in __all__:
        renamed = " It is now called lecun." if name == "glorot" else ""
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}.{renamed}")
    value = getattr(import_module(f"{__name__}.{_HOME.get(name, f'components.{name}')}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
