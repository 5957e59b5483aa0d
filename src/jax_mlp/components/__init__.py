"""The eight components of the network, in teaching order. Each component imports only earlier ones."""

COMPONENTS = {
    "relu": ("relu",),
    "init": ("init_weights_biases", "init_mlp"),
    "forward": ("forward",),
    "one_hot": ("one_hot",),
    "loss": ("loss",),
    "accuracy": ("accuracy",),
    "update": ("update",),
    "train_loop": ("train_loop",),
}
"""The functions of each component, in teaching order."""
