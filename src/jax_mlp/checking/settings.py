"""The settings that laws run under, whatever the environment says. They must be in place before JAX is imported."""

import os

DEVICE = "JAX_MLP_DEVICE"
"""The environment variable that tells every process of a run on which kind of device its laws run; default: cpu."""

SETTINGS = {
    "JAX_DEFAULT_MATMUL_PRECISION": "highest",
    "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
    "TF_CPP_MIN_LOG_LEVEL": "3",  # JAX 0.10.1 prints 1.7 kB for each program that it reads from its cache
    "TQDM_DISABLE": "1",
}


def apply() -> None:
    """Set them for this process and for those that it starts, and leave JAX's other settings at their defaults."""
    for name in [*os.environ]:
        if name.startswith("JAX_") and not name.startswith("JAX_MLP_"):
            del os.environ[name]
    os.environ.update(SETTINGS)
    if os.environ.get(DEVICE, "cpu") == "cpu":
        os.environ["JAX_PLATFORMS"] = "cpu"  # and otherwise, JAX takes the accelerator if there is one
