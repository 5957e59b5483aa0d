"""The examples that Hypothesis draws for a law: remembered, so that they can be tried again, on others too."""

import copy
import functools
import warnings
from collections.abc import Callable
from typing import Any

from hypothesis.errors import UnsatisfiedAssumption

from jax_mlp.checking.implementation import Implementation
from jax_mlp.laws.draws import Case, Numbers


class Recorder:
    """Stands between Hypothesis and a law, and remembers the examples that pass.

    Attributes:
        last: The arguments of the latest example. When Hypothesis has finished with a failing law, that is its smallest
            counterexample.
        recorded: Every example so far, if somebody asked for that by setting it to a list.
    """

    def __init__(self, law: Callable) -> None:
        self.law = law
        self.last: tuple[tuple, dict] = (), {}
        self.recorded: list[tuple[tuple, dict]] | None = None

    def __call__(self, *args, **kwargs):
        """Run the law on an example. The implementation forgets the calls of the example before."""
        self.last = tuple(map(_fresh, args)), {name: _fresh(value) for name, value in kwargs.items()}
        if self.recorded is not None:
            self.recorded.append(self.last)
        implementation = next((v for v in (*args, *kwargs.values()) if isinstance(v, Implementation)), None)
        if implementation is None:  # a test of something else
            return self.law(*args, **kwargs)
        implementation.calls.clear()
        try:
            return self.law(*args, **kwargs)
        except Exception as error:
            if not isinstance(error, UnsatisfiedAssumption):
                implementation.remember_failure(error)
            raise

    def again(self, implementation: Implementation, example: tuple[tuple, dict]) -> None:
        """Run the law on an earlier example, for this implementation. An assumption may fail."""

        def replaced(value):
            return implementation if isinstance(value, Implementation) else _fresh(value)

        args, kwargs = example
        implementation.calls.clear()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # Hypothesis warns of `assume` outside its own examples
                self.law(*map(replaced, args), **{name: replaced(value) for name, value in kwargs.items()})
        except UnsatisfiedAssumption:
            pass


def recorder_of(law: Any) -> Recorder | None:
    """The recorder of a law, put there if it has none yet; or None for a law without examples."""
    handle = getattr(law, "hypothesis", None)
    if handle is None:
        return None
    if not hasattr(handle.inner_test, "recorder"):
        recorder = Recorder(handle.inner_test)

        @functools.wraps(handle.inner_test)  # Hypothesis wants a function
        def example(*args, **kwargs):
            return recorder(*args, **kwargs)

        vars(example)["recorder"] = recorder
        handle.inner_test = example
    return vars(handle.inner_test)["recorder"]


def reference_fails(law: Callable, arguments: dict | None = None) -> bool:
    """Whether the reference, given what an implementation has just failed at, fails too: then the machine is wrong.

    Args:
        law: The law that failed.
        arguments: What pytest gave it, for a law without examples.
    """
    right, recorder = reference(), recorder_of(law)
    try:
        if recorder:
            recorder.again(right, recorder.last)
        else:
            law(**{"impl": right, **{k: v for k, v in (arguments or {}).items() if k != "impl"}})
    except Exception:  # whatever way it fails in
        return True
    return False


@functools.cache
def reference() -> Implementation:
    """The reference, compiled once for all laws."""
    return Implementation()


def _fresh(value):
    """A copy of an example's value, if using it uses it up."""
    if isinstance(value, Case):
        return value._replace(more=copy.copy(value.more))
    if isinstance(value, list):
        return [_fresh(each) for each in value]
    return copy.copy(value) if isinstance(value, Numbers) else value
