"""`check`: the laws for functions in a notebook or a Python session, in this very process."""

import contextlib
import html
import inspect
import os
import re
import traceback
import warnings
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any, NamedTuple

from jax_mlp._terminal import showable
from jax_mlp.components import COMPONENTS
from jax_mlp.exercises import beside_the_notebook

CONFIG = {
    "jax_enable_x64": False,
    "jax_disable_jit": False,
    "jax_debug_nans": False,
    "jax_debug_infs": False,
    "jax_debug_key_reuse": False,
    "jax_check_tracer_leaks": False,
    "jax_transfer_guard": None,
    "jax_default_prng_impl": "threefry2x32",
    "jax_threefry_partitionable": True,
    "jax_legacy_prng_key": "allow",
    "jax_random_seed_offset": 0,
    "jax_numpy_rank_promotion": "allow",
    "jax_numpy_dtype_promotion": "standard",
    "jax_default_matmul_precision": "highest",
    "jax_persistent_cache_min_compile_time_secs": 0.0,
    "jax_persistent_cache_min_entry_size_bytes": -1,
}
"""The settings of JAX that laws run under, for the time of a check."""


class Law(NamedTuple):
    """What became of one law."""

    name: str
    sentence: str
    state: str  # "passed", "failed", "not written", or "machine" if the reference fails too
    report: str = ""


class Result(NamedTuple):
    """The results of the laws that were tested. Python displays them as text, and a notebook as a table."""

    laws: list[Law]
    progress: str = ""

    @property
    def passed(self) -> bool:
        """Whether every law passed."""
        return all(law.state == "passed" for law in self.laws)

    def __repr__(self) -> str:
        rows, failed = self._rows(), self._first_failed()
        lines = [f"{name:<11}{bar(passed, total)}  {words}" for name, passed, total, words in rows]
        lines += [line for report in failed for line in ("", report)]
        return showable("\n".join(lines + [self.progress] * bool(self.progress)))

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td style='text-align:left'>{html.escape(name)}</td><td><code>{bar(passed, total)}</code></td>"
            f"<td style='text-align:left'>{words}</td></tr>"
            for name, passed, total, words in self._rows()
        )
        reports = "".join(
            f"<pre style='white-space:pre-wrap'>{html.escape(line)}</pre>" for line in self._first_failed()
        )
        return f"<table>{rows}</table>{reports}<p>{self.progress}</p>"

    def _rows(self) -> Iterator[tuple[str, int, int, str]]:
        for component in dict.fromkeys(law.name.partition("::")[0] for law in self.laws):
            states = [law.state for law in self.laws if law.name.startswith(f"{component}::")]
            passed, total = states.count("passed"), len(states)
            words = "not written yet" if "not written" in states else f"{passed} / {total}"
            yield component, passed, total, words + ("   done" if passed == total else "")

    def _first_failed(self) -> list[str]:
        """For each component, the report of its first law that failed."""
        first = {law.name.partition("::")[0]: law.report for law in reversed(self.laws) if law.report}
        return [*first.values()]


def bar(passed: int, total: int, width: int = 24) -> str:
    """A bar as long as the fraction of laws that passed."""
    return ("█" * (width * passed // max(total, 1))).ljust(width, "░")


def check(*implementations: Callable | ModuleType | dict[str, Callable], name: str | None = None) -> Result:
    """Test functions with the laws of their components, and say what is wrong.

    Args:
        implementations: Functions named after the components, such as `relu`; or a module or a dict of them. The
            reference supplies every function that you do not give.
        name: The name under which to test a single function, such as `"relu"`, if the function itself has another name.

    Returns:
        A result that Python and notebooks display. `result.passed` is True if all laws passed; `result.laws` lists the
        laws, each with its `name`, `sentence`, `state` and `report`.

    Raises:
        ValueError: If a function is not named like one of the components' functions.

    Examples:
        >>> import jax.numpy as jnp
        >>> check(lambda x: jnp.maximum(x, 0), name="relu").passed
        True
    """
    functions = _functions(implementations, name)
    with _unchanged():
        laws = [law for component in COMPONENTS if component in functions for law in _tested(component, functions)]
    return Result(laws, _progress(laws))


def _progress(laws: list[Law]) -> str:
    """How far the notebook is, if its progress is kept: `jax-mlp exercises start --notebook` and `hint` begin that."""
    memory = beside_the_notebook()
    if not memory.started:
        return ""
    tested: dict[str, bool] = {}
    for law in laws:
        component = law.name.partition("::")[0]
        tested[component] = tested.get(component, True) and law.state == "passed"
    with contextlib.suppress(OSError):  # a folder that cannot be written
        memory.remember(passing=tested)
    done = [component for component in COMPONENTS if {**memory.passing, **tested}.get(component)]
    return f"{len(done)} of {len(COMPONENTS)} components pass: {', '.join(done) or 'none yet'}."


def _functions(implementations: tuple, name: str | None) -> dict[str, dict[str, Any]]:
    known = {function: component for component, names in COMPONENTS.items() for function in names}
    given: dict[str, Any] = {}
    for each in implementations:
        if isinstance(each, ModuleType):
            given |= {function: vars(each)[function] for function in known if callable(vars(each).get(function))}
        elif isinstance(each, dict):
            given |= each
        elif callable(each):
            own = getattr(each, "__name__", type(each).__name__) if name is None else name
            given[own] = each
        else:
            raise ValueError(f"check: expected a function, a module or a dict of functions, got {each!r:.60}.")
    unknown = [function for function in given if function not in known]
    if unknown or not given:
        got = unknown[0] if unknown else "none"
        raise ValueError(
            f"check: expected functions named {', '.join(known)}, got {got}. "
            "Say which one it is: check(f, name='relu')."
        )
    functions: dict[str, dict[str, Any]] = {}
    for function, value in given.items():
        functions.setdefault(known[function], {})[function] = value
    return functions


def _tested(component: str, functions: dict[str, dict[str, Any]]) -> list[Law]:
    from jax_mlp._jax import forget_compiled
    from jax_mlp.checking import report
    from jax_mlp.checking.implementation import Implementation
    from jax_mlp.checking.names import laws

    implementation = Implementation()
    for own, given in functions.items():
        reference = {} if {*given} == {*COMPONENTS[own]} else implementation.functions(own)
        implementation.use(own, {**reference, **given})
        for name, function in given.items():
            forget_compiled(function)
            forget_compiled(getattr(implementation, name).compiled)
    asked, tested, evidence = implementation.asked.setdefault(component, {}), [], {}
    for name, law in laws(component).items():
        implementation.calls.clear()
        implementation.failure = None
        sentence, full_name = " ".join((inspect.getdoc(law) or name).split()), f"{component}::{name}"
        state, text = "passed", ""
        try:
            _run(law, full_name, implementation)
        except NotImplementedError as error:
            state, text = "not written", _awaited(error, component)
        except Exception as error:
            state = "not written" if _is_stub(functions[component]) else "failed"
            if state == "failed":
                explained = report.explain(full_name, law, error, implementation, notebook=True)
                text = str(explained or repr(error))
                if explained and explained.machine:
                    state = "machine"
                else:
                    text += "\n" + report.labelled("hint", f"mlp.hint({component!r})")
                    evidence |= {name: explained.evidence} if explained else {}
        asked[name] = state
        tested.append(Law(full_name, sentence, state, text))
        if state == "not written":
            return tested
    first = next((law for law in tested if law.state == "failed"), None)
    if first is not None:  # now that all laws were tested, more is known of its cause
        revised = first._replace(report=report.revise(first.report, component, evidence, asked))
        tested[tested.index(first)] = revised
    return tested


_EXAMPLES: dict[str, list] = {}
"""For each law that has passed before, the examples that Hypothesis drew for it."""


def _run(law: Callable, name: str, implementation: Any) -> None:
    """Run a law. Hypothesis draws the same examples every time, so they are kept: to draw takes longer than to run."""
    from jax_mlp.checking.examples import recorder_of

    recorder = recorder_of(law)
    if recorder is None:
        law(implementation)
    elif name in _EXAMPLES:
        try:
            for example in _EXAMPLES[name]:
                recorder.again(implementation, example)
        except Exception:
            law(implementation)  # from the beginning, to find the smallest counterexample
            raise
    else:
        recorder.recorded = []
        try:
            law(implementation)
            _EXAMPLES[name] = recorder.recorded
        finally:
            recorder.recorded = None


def _awaited(error: NotImplementedError, component: str) -> str:
    """Which other function is not written yet, if it is not the component itself."""
    name = traceback.extract_tb(error.__traceback__)[-1].name
    others = [each for other, names in COMPONENTS.items() if other != component for each in names]
    return f"{component} calls {name}, which is not written yet." if name in others else ""


def _is_stub(functions: dict[str, Any]) -> bool:
    """Whether the functions do nothing yet but return None, as `...` and `pass` do."""

    def documented():  # a docstring is one more constant, so the code that returns None is another
        """Return None."""

    empty = [(lambda: None).__code__.co_code, documented.__code__.co_code]
    codes = [getattr(inspect.unwrap(function), "__code__", None) for function in functions.values()]
    return all(code is not None and code.co_code in empty and code.co_consts[-1] is None for code in codes)


@contextlib.contextmanager
def _unchanged() -> Iterator[None]:
    """Settings of its own for the laws; afterwards NumPy, JAX, Hypothesis and warnings are as they were."""
    import jax
    import numpy as np
    from jax.experimental.compilation_cache.compilation_cache import reset_cache

    from jax_mlp._jax import quiet_compiler
    from jax_mlp.checking.implementation import keep_compiled_code
    from jax_mlp.laws import profile

    ours = {**CONFIG, "jax_default_device": _cpu()}
    config = {name: jax.config.values[name] for name in ours if name in jax.config.values}
    kept_in = jax.config.values.get("jax_compilation_cache_dir")
    environment = os.environ.get("TQDM_DISABLE")
    random_state = np.random.get_state()  # noqa: NPY002 (what people use, and laws must not disturb)
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"), profile(), quiet_compiler():
            warnings.simplefilter("ignore")
            for name in config:
                jax.config.update(name, ours[name])
            keep_compiled_code()
            reset_cache()
            os.environ["TQDM_DISABLE"] = "1"
            yield
    finally:
        for name, value in config.items():
            jax.config.update(name, value)
        jax.config.update("jax_compilation_cache_dir", kept_in)
        reset_cache()
        np.random.set_state(random_state)  # noqa: NPY002
        if environment is None:
            os.environ.pop("TQDM_DISABLE", None)
        else:
            os.environ["TQDM_DISABLE"] = environment


def _cpu() -> Any:
    """The CPU, where laws run even if this process has an accelerator; or None if JAX was told not to use the CPU."""
    import jax

    try:
        return jax.devices("cpu")[0]
    except RuntimeError:
        return None


class Text(str):
    """Text that a notebook shows as it stands."""

    __repr__ = str.__str__


def hint(component: str) -> Text:
    """The next hint for a component: the first asks a question, and the last gives most or all of the code.

    The number of hints shown is kept beside the notebook, in `.jax-mlp-notebook.json`.

    Raises:
        ValueError: If there is no such component.
    """
    from jax_mlp.exercises.hints import next_hint

    _known(component)
    return Text(next_hint(beside_the_notebook(), component, f"mlp.solution({component!r})"))


def solution(component: str) -> Text:
    """A short solution of a component.

    Raises:
        ValueError: If there is no such component.
    """
    from jax_mlp.exercises import stubs

    _known(component)
    code = stubs.solution(component)
    return Text(re.sub(r"^(from jax_mlp import .*)$", r"\1  # leave this out if you have your own", code, flags=re.M))


def _known(component: str) -> None:
    if component not in COMPONENTS:
        raise ValueError(f"expected one of {', '.join(COMPONENTS)}, got {component!r}.")
