"""What one may learn from comparing a component that passes with the short solution."""

import re

IDIOMS = {
    "relu": (
        (
            r"\bwhere\(",
            "jnp.where and jnp.maximum differ at two inputs. At x = 0, JAX gives where the derivative 0, and "
            "maximum the derivative 1/2. And NaN > 0 is false, so where turns NaN into 0, which hides an error.",
        ),
        (
            r"\* ?\(?x ?>|x ?>=? ?0\) ?\*",
            "A product with x > 0 is right for every number. For minus infinity it is 0 times infinity, which is "
            "NaN, and maximum gives 0.",
        ),
    ),
    "init": (
        (
            r"\.append\(",
            "Your loop is right. zip pairs every size with the next one and with a key, so the list of layers "
            "needs no index and no append.",
        ),
        (
            r"range\(len\(",
            "Your index is right. zip pairs every size with the next one and with a key, so no index can be off "
            "by one.",
        ),
    ),
    "forward": (
        (
            r"\bfor \w+ in (range\(len\(images\)\)|images)|\bfor image\b",
            "Your loop over the images is right. jax.vmap makes the same loop one matrix product per layer, which"
            " is much faster.",
        ),
        (
            r"\A(?![\s\S]*vmap)[\s\S]*\.T\b",
            "Your product of a whole batch, with a transpose, is right, and as fast. With jax.vmap, the code is "
            "the formula for one image, w @ x + b.",
        ),
    ),
    "one_hot": (
        (
            r"\bfor\b|vmap",
            "Your version goes through the labels one by one. Comparing a column with a row does all at once: "
            "this is called broadcasting.",
        ),
        (
            r"\.at\[|eye\(",
            "Looking up rows, or setting entries, needs care with labels out of range, because -1 means the last "
            "class. The comparison needs none.",
        ),
    ),
    "loss": (
        (
            r"\bfor\b",
            "Your loop is right. JAX works on whole arrays, and the mean over all entries is one call.",
        ),
        (
            r"\bsum\(",
            "A sum divided by the number of entries is right. jnp.mean counts the entries itself.",
        ),
    ),
    "accuracy": (
        (
            r"\bfor\b",
            "Your loop is right. Comparing two arrays gives an array of true and false, and its mean is the "
            "fraction of true.",
        ),
        (
            r"\bsum\(",
            "A sum divided by the number of images is right. The mean of true and false is the same fraction.",
        ),
    ),
    "update": (
        (
            r"\bfor\b",
            "Your loop over the layers is right. jax.tree.map does it for parameters of any structure, so update "
            "need not know that there are layers.",
        ),
    ),
    "train_loop": (
        (
            r"\.append\(|concatenate",
            "Your lists are right. An array of indices in the order of the epoch is enough: slices of it are the "
            "batches, and the images themselves are copied only when they are used.",
        ),
    ),
}
"""For each component, patterns of code that differs from the solution, each with what the difference means."""


def remark(component: str, code: str) -> str:
    """What the code of a component does in another way than the solution, or nothing."""
    return next((words for pattern, words in IDIOMS[component] if re.search(pattern, code)), "")
