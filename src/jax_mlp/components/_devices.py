"""Where data lies. On one device all of this does nothing; see `jax_mlp.parallel` for many."""

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec


def grid_of(params) -> Mesh | None:
    """The grid of devices that the parameters lie on, if they were placed on one."""
    mesh = getattr(getattr(params[0][0], "sharding", None), "mesh", None)
    return mesh if mesh is not None and "batch" in mesh.axis_names else None


def put(array, grid: Mesh | None) -> jax.Array:
    """An array on the device, as it is where JAX holds it already, or whole on every device of a grid."""
    if grid is None:
        return array if isinstance(array, jax.Array) else jax.device_put(np.asarray(array))
    return jax.device_put(np.asarray(array), NamedSharding(grid, PartitionSpec()))


def share(batches, grid: Mesh | None):
    """The same batches, one a row. From here on, each device of a grid works on its part of every row."""
    if grid is None:
        return batches
    return jax.lax.with_sharding_constraint(batches, NamedSharding(grid, PartitionSpec(None, "batch")))
