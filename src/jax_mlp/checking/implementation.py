"""The implementation under test: where its components come from, how they are called, what they answered."""

import contextlib
import importlib
import inspect
import os
import platform
from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from platformdirs import user_cache_path

import jax_mlp
from jax_mlp.components import COMPONENTS
from jax_mlp.exercises import Exercises, loading
from jax_mlp.exercises.loading import BrokenComponent
from jax_mlp.laws.values import as_jax

# These are pure functions of arrays, so the laws call them compiled: once per shape, shared by all laws. The others
# take Python values that shape their result: they are called as they are.
COMPILED = {"relu": (), "forward": (), "one_hot": (1,), "loss": (), "accuracy": (), "update": ()}  # static arguments


def keep_compiled_code() -> None:
    """Keep what is compiled for the next run, for this machine and this JAX alone."""
    default = user_cache_path("jax-mlp") / "compiled" / f"jax-{jax.__version__}-{platform.node()}"
    kept = Path(os.environ.get("JAX_MLP_COMPILED", default))
    try:
        kept.mkdir(parents=True, exist_ok=True)
    except OSError:  # without it, laws only take longer
        return
    jax.config.update("jax_compilation_cache_dir", str(kept))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)


NO_ANSWER = object()
"""The result of a call that has not come back, or never will."""


class Call(NamedTuple):
    """One call of a component in a law: the way it was called, with what, and what it gave."""

    method: str
    function: str
    arguments: tuple
    options: dict
    result: Any


class Failure(NamedTuple):
    """An example that failed: the error, its calls, and all calls up to there."""

    error: BaseException
    calls: list[Call]
    history: list[Call]


class Component:
    """One function under test. Every call is remembered, so that a report can show it."""

    def __init__(self, name: str, function: Any, calls: list[Call], owner: "Implementation | None" = None) -> None:
        if type(function).__hash__ is None:  # such as a dataclass with __call__: jax.jit wants to remember it
            function = partial(type(function).__call__, function)
        self.name, self.function, self.calls, self.owner = name, function, calls, owner
        self.static = COMPILED.get(name, ())
        self.compiled = jax.jit(function, static_argnums=self.static)
        self.traceable = name in COMPILED  # until shown otherwise
        self.compiled_pullback = jax.jit(self._pullback, static_argnames="argnum")

    def __call__(self, *arguments, **options):
        """The result: compiled, if the component is a pure function of arrays that JAX can trace."""
        if self.traceable:
            with contextlib.suppress(Exception):
                return self.jitted(*arguments, **options)
            # One law asks for jit. For all others, code that JAX cannot trace is as good as any.
            self.calls.pop()
            result = self.eager(*arguments, **options)
            self.traceable = False
            return result
        return self.eager(*arguments, **options)

    def jitted(self, *arguments, **options):
        """The result, compiled."""
        return self._run("__call__", self.compiled, arguments, options)

    def eager(self, *arguments, **options):
        """The result, called as it is, on JAX arrays."""
        arguments, options = as_jax((arguments, options))
        return self._run("eager", self.function, arguments, options)

    def raw(self, *arguments, **options):
        """The result, called with these very objects, so that what is done to them is seen."""
        try:
            return self._run("eager", self.function, arguments, options)
        except Exception:  # it may want arrays of JAX: NumPy's have no `x.at`, and no index that JAX traces
            self.calls.pop()
            return self.eager(*arguments, **options)

    def pullback(self, cotangent, *arguments, argnum=0):
        """The gradient of `sum(cotangent * f(*arguments))` with respect to one of the arguments."""
        return self._run("pullback", self._differentiate, (cotangent, *arguments), {"argnum": argnum})

    def gradient(self, *arguments, argnum=0):
        """The gradient of a scalar function with respect to one of its arguments."""
        return self._run("gradient", partial(self._differentiate, 1.0), arguments, {"argnum": argnum})

    def _differentiate(self, cotangent, *arguments, argnum):
        if self.traceable:
            with contextlib.suppress(Exception):
                return self.compiled_pullback(cotangent, *arguments, argnum=argnum)
        # JAX differentiates a Python `if` that it cannot compile.
        return self._pullback(*as_jax((cotangent, *arguments)), argnum=argnum)

    def _pullback(self, cotangent, *arguments, argnum):
        before, after = arguments[:argnum], arguments[argnum + 1 :]
        result, pull = jax.vjp(lambda argument: self.function(*before, argument, *after), arguments[argnum])
        return pull(jnp.broadcast_to(jnp.asarray(cotangent, jnp.result_type(result)), jnp.shape(result)))[0]

    def _run(self, method: str, function, arguments: tuple, options: dict):
        # Remembered as they were before: a component may change them where they stand.
        before = _copied((arguments, options)) if method == "eager" else (arguments, options)
        self.calls.append(Call(method, self.name, before[0], before[1], NO_ANSWER))
        if self.owner is not None:
            self.owner.history.append(self.calls[-1])
            self.owner.count_call()
        result = function(*arguments, **options)
        self.calls[-1] = self.calls[-1]._replace(result=result)
        return result


class Implementation:
    """The eight components under test, each from a folder or, where it has none, from the reference."""

    init_weights_biases: Component
    init_mlp: Component
    relu: Component
    forward: Component
    one_hot: Component
    loss: Component
    accuracy: Component
    update: Component
    train_loop: Component

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder
        self.calls: list[Call] = []  # of the example at hand
        self.history: deque[Call] = deque(maxlen=5000)  # of all examples so far
        self.count_call: Callable[[], Any] = lambda: None  # whoever watches from outside may want to know
        self.failure: Failure | None = None  # the latest example that failed
        self.errors: dict[str, BrokenComponent] = {}  # by component
        self.evidence: dict[str, list] = {}  # by component, what each of its broken laws said about its cause
        self.asked: dict[str, dict[str, str]] = {}  # by file, such as relu, what became of its laws so far
        self.given: set[str] = set()  # components that were handed over as functions

    def use(self, component: str, functions: dict[str, Any]) -> None:
        """Take these functions for a component."""
        self.given.add(component)
        for name, function in functions.items():
            setattr(self, name, Component(name, function, self.calls, self))

    def remember_failure(self, error: BaseException) -> None:
        """Keep what led to an error: if Hypothesis cannot have it again, this is all there is to show."""
        self.failure = Failure(error, [*self.calls], [*self.history])

    def path(self, component: str) -> Path | None:
        """The file that a component comes from, or None for the reference."""
        path = self.folder / f"{component}.py" if self.folder else None
        return path if path and path.exists() else None

    def __getattr__(self, name: str):
        # Reached where `use` has set nothing yet: a component is imported when a law first asks for it.
        component = next((component for component, names in COMPONENTS.items() if name in names), None)
        if component is None:
            known = ", ".join(known for names in COMPONENTS.values() for known in names)
            raise AttributeError(f"there is no component {name!r}. There are: {known}")
        if component not in self.errors:
            try:
                functions = self.functions(component)
                self.use(component, functions)
                self.given.discard(component)
                return getattr(self, name)
            except BrokenComponent as error:
                self.errors[component] = error
        raise self.errors[component]

    def functions(self, component: str) -> dict[str, Any]:
        """The functions of a component, from its file or the reference; or BrokenComponent."""
        path = self.path(component)
        if path is None:
            reference = importlib.import_module(f"jax_mlp.components.{component}")
            return {name: getattr(reference, name) for name in COMPONENTS[component]}
        functions = loading.functions(component, path)
        if Exercises(path.parent).started:
            for name, function in functions.items():
                _check_written(path, name, function)
        return functions


def _check_written(path: Path, name: str, function) -> None:
    """An exercise is written in its own folder, with the signature that its stub has."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    if code is not None and Path(code.co_filename).parent != path.parent:
        raise BrokenComponent(f"{name} is not written in {path}, but taken from {function.__module__}.")
    wanted = inspect.signature(getattr(jax_mlp, name)).parameters
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):  # a callable that does not say what it takes: the laws will tell
        return
    if any(p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in parameters.values()):  # it passes on what it is given
        return
    if [n for n, p in parameters.items() if n in wanted or p.default is p.empty] != [*wanted]:  # others may be options
        raise BrokenComponent(
            f"{path}: {name} takes ({', '.join(parameters)}), and should take ({', '.join(wanted)}), as its stub does."
        )


def _copied(value):
    """Lists and dictionaries anew, and arrays of NumPy's too: JAX's own cannot be changed."""
    leaves, tree = jax.tree.flatten(value, is_leaf=lambda node: isinstance(node, Iterator))
    return tree.unflatten(leaf.copy() if isinstance(leaf, np.ndarray) else leaf for leaf in leaves)
