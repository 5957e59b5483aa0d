"""The devices that arrays are on. With one device these functions do nothing; `jax_mlp.parallel` uses several."""

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from jax_mlp.components._checks import detached


def mesh_of(params) -> Mesh | None:
    """The mesh that the parameters are sharded over, or None."""
    mesh = getattr(getattr(params[0][0], "sharding", None), "mesh", None)
    return mesh if mesh is not None and "data" in mesh.axis_names else None


def put(array, mesh: Mesh | None) -> jax.Array:
    """The array on JAX's device, or a full copy of it on every device of a mesh."""
    if mesh is None:
        return array if isinstance(array, jax.Array) else jax.device_put(np.asarray(detached(array)))
    return jax.device_put(np.asarray(detached(array)), NamedSharding(mesh, PartitionSpec()))


def share(batches, mesh: Mesh | None):
    """The same batches, one per row, sharded so that each device of a mesh works on its part of every row."""
    if mesh is None:
        return batches
    return jax.lax.with_sharding_constraint(batches, NamedSharding(mesh, PartitionSpec(None, "data")))
