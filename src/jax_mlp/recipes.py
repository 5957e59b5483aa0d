"""Recipes: the hyperparameters of a training run, all in one place."""

from dataclasses import dataclass

from jax_mlp.components.init import Scale, he


@dataclass(frozen=True)
class Recipe:
    """The hyperparameters of a training run. The defaults are the guide's constants.

    Attributes:
        layer_sizes: Number of inputs, then of the units of each layer.
        scale: Standard deviation of the initial parameters, or a function that computes it from a layer's fan-in.
        pixel_scale: Factor that the pixels, from 0 to 255, are multiplied by.
        shuffle: Whether the training set is shuffled in every epoch.
        learning_rate: The learning rate of every update.
        batch_size: Images per update.
        n_epochs: Passes over the full training set of 60,000 images.
        seed: The seed of all random keys.
    """

    layer_sizes: tuple[int, ...] = (784, 512, 512, 10)
    scale: Scale = 1e-3
    pixel_scale: float = 1.0
    shuffle: bool = False
    learning_rate: float = 1e-2
    batch_size: int = 128
    n_epochs: int = 8
    seed: int = 0

    def epochs_on(self, n_images: int) -> int:
        """Number of epochs over `n_images` images that make as many updates as `n_epochs` over full MNIST, rounded up.

        Examples:
            >>> GUIDE.epochs_on(60_000), GUIDE.epochs_on(4_000)
            (8, 118)
        """
        updates = self.n_epochs * -(-60_000 // self.batch_size)
        return -(-updates // -(-n_images // self.batch_size))


GUIDE = Recipe()
"""The guide's constants. Pixels stay between 0 and 255, and images are not shuffled."""

TUNED = Recipe(scale=he, pixel_scale=1 / 255, shuffle=True, learning_rate=2.0)
"""He initialisation, pixels between 0 and 1, shuffling, and a learning rate to match. The loss is also averaged over
10 classes, so a learning rate of 2 here corresponds to 0.2 in a textbook."""

RECIPES = {"guide": GUIDE, "tuned": TUNED}
