"""Recipes: the numbers that a training run is made with, all in one place."""

from dataclasses import dataclass

from jax_mlp.components.init import Scale, he


@dataclass(frozen=True)
class Recipe:
    """The numbers of a training run. The defaults are the guide's constants.

    Attributes:
        layer_sizes: Widths from the input to the output.
        scale: Standard deviation of the initial parameters, or a function of a layer's fan-in.
        pixel_scale: What the pixels, 0 to 255, are multiplied by.
        shuffle: Whether each epoch goes through the training set in a new order.
        learning_rate: The step size of an update.
        batch_size: Images per update.
        n_epochs: Passes over the full training set of 60,000 images.
        seed: Where the random keys come from.
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
        """Epochs over `n_images` that make at least as many updates as `n_epochs` make over full MNIST.

        Examples:
            >>> GUIDE.epochs_on(60_000), GUIDE.epochs_on(4_000)
            (8, 118)
        """
        updates = self.n_epochs * -(-60_000 // self.batch_size)
        return -(-updates // -(-n_images // self.batch_size))


GUIDE = Recipe()
"""The guide's constants, pixels left at 0 to 255 and the order of the images kept."""

TUNED = Recipe(scale=he, pixel_scale=1 / 255, shuffle=True, learning_rate=2.0)
"""He's scale, pixels in [0, 1], shuffling, and a rate to match. The loss averages over 10 classes too, so a rate of 2
here is a rate of 0.2 for the textbook's cross-entropy."""

RECIPES = {"guide": GUIDE, "tuned": TUNED}
