"""What one may learn from comparing a component that passes with the short solution."""

import re

IDIOMS = {
    "relu": (
        (
            r"\bwhere\(",
            "jnp.where(x > 0, x, 0) and jnp.maximum(0, x) differ at two inputs. At x = 0, JAX gives the derivative 0 "
            "for the first and 1/2 for the second. NaN > 0 is false, so jnp.where turns NaN into 0, which hides an "
            "error (only the fine print tests this).",
        ),
        (
            r"\* ?\(?x ?>|x ?>=? ?0\) ?\*",
            "x * (x > 0) is right for every finite number. For minus infinity it multiplies infinity by 0, which "
            "gives NaN, whereas jnp.maximum gives 0.",
        ),
    ),
    "init": (
        (
            r"\.append\(",
            "Your loop is right. A list comprehension over zip, which pairs every size with the next one and with a "
            "key, makes the same list in one expression.",
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
            "Your loop over the images is right. jax.vmap turns it into one matrix multiplication per "
            "layer, which is much faster.",
        ),
        (
            r"\A(?![\s\S]*vmap)[\s\S]*\.T\b",
            "Your matrix multiplication of the whole batch, with a transpose, is right and just as fast. With "
            "jax.vmap, you write the formula for one image instead, w @ x + b.",
        ),
    ),
    "one_hot": (
        (
            r"\bfor\b|vmap",
            "Your version uses a loop or jax.vmap. Comparing a column of labels with a row of class numbers makes all "
            "comparisons at once. This is called broadcasting.",
        ),
        (
            r"\.at\[|eye\(",
            "Looking up rows, or setting entries, needs care with labels out of range, because -1 means the last "
            "class. Comparing the labels with the class numbers needs no such care.",
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
            r"(?s)\A(?!.*(block_until_ready|float\(|item\()).*(perf_counter|time\(\))",
            "Your loop is right, but it may stop the clock too early. JAX returns from a call before the numbers are "
            "computed, and jax.block_until_ready(params) waits for them.",
        ),
        (
            r"\.append\(|concatenate",
            "Your lists are right. One array of indices, in the order of the epoch, is enough. A slice of it selects "
            "the images of one batch, so images are copied only when they are used.",
        ),
    ),
}
"""For each component, patterns of code that differs from the solution, each with what the difference means."""


def remark(component: str, code: str) -> str:
    """What the code of a component does in another way than the solution, or nothing."""
    return next((words for pattern, words in IDIOMS[component] if re.search(pattern, code)), "")
