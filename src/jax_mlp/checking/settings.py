"""The settings that laws run under, whatever the environment says. They must be in place before JAX is imported."""

import os

SETTINGS = {
    "JAX_PLATFORMS": "cpu",
    "JAX_ENABLE_X64": "0",
    "JAX_DISABLE_JIT": "0",
    "JAX_DEBUG_NANS": "0",
    "JAX_DEBUG_INFS": "0",
    "JAX_DEBUG_KEY_REUSE": "0",
    "JAX_NUMPY_RANK_PROMOTION": "allow",
    "JAX_NUMPY_DTYPE_PROMOTION": "standard",
    "JAX_DEFAULT_PRNG_IMPL": "threefry2x32",
    "JAX_DEFAULT_MATMUL_PRECISION": "highest",
    "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
    "TF_CPP_MIN_LOG_LEVEL": "3",  # JAX 0.10.1 prints 1.7 kB for each program that it reads from its cache
    "TQDM_DISABLE": "1",
}


def apply() -> None:
    """Set them for this process and for those that it starts."""
    os.environ.update(SETTINGS)
