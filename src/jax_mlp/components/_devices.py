"""Where data lies. On one device all of this does nothing; see `jax_mlp.parallel` for many."""

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec


def mesh_of(params) -> Mesh | None:
    """The mesh of devices that the parameters lie on, if they were placed on one."""
    mesh = getattr(getattr(params[0][0], "sharding", None), "mesh", None)
    return mesh if mesh is not None and "data" in mesh.axis_names else None


def put(array, mesh: Mesh | None) -> jax.Array:
    """An array on the device, as it is where JAX holds it already, or whole on every device of a mesh."""
    if mesh is None:
        return array if isinstance(array, jax.Array) else jax.device_put(np.asarray(array))
    return jax.device_put(np.asarray(array), NamedSharding(mesh, PartitionSpec()))


def share(batches, mesh: Mesh | None):
    """The same batches, one a row. From here on, each device of a mesh works on its part of every row."""
    if mesh is None:
        return batches
    return jax.lax.with_sharding_constraint(batches, NamedSharding(mesh, PartitionSpec(None, "data")))
