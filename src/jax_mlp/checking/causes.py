"""What a broken law most likely comes from: a sentence about the code, printed only if the evidence singles it out.

There are three kinds of evidence: the words of an error; the relation of an answer to the right one, such as a wrong
sign; and a mistake of the catalogue that gives the same answers and breaks the same laws.
"""

import contextlib
import functools
import itertools
import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jax_mlp.checking import names, relations, remedies
from jax_mlp.checking.implementation import NO_ANSWER, Call, Component, Implementation
from jax_mlp.components import COMPONENTS
from jax_mlp.exercises import stubs
from jax_mlp.mistakes import Entry, mistakes


class Evidence(NamedTuple):
    """What one broken law says about its cause. It travels between processes as JSON."""

    remedy: tuple[str, ...] = ()
    """What the error says, in the reader's words."""
    fitting: tuple[str, ...] = ()
    """The mistakes that would have answered the same, by name."""
    relation: tuple[str, ...] = ()
    """How the answers differ from the right ones, in words."""
    compared: bool = False
    """Whether there were answers to compare with those of the mistakes."""


def gather(
    component: str, law: str, error: BaseException, calls: list[Call], implementation: Implementation
) -> Evidence:
    """The evidence of a law that `error` broke after these calls."""
    call = calls[-1]
    suspect = getattr(implementation, call.function)
    remedy = remedies.of_error(error, call) or remedies.of_code(suspect.function) or relations.never_told(call, suspect)
    before = implementation.evidence.setdefault(component, [])
    calls = [call for call in calls if call.function in COMPONENTS[component]]
    asked = [found for found in before if found.compared]
    # To ask all mistakes takes time: after three laws that none fitted, no more.
    if remedy or not calls or (len(asked) >= 3 and not any(found.fitting for found in asked[-3:])):
        before.append(Evidence(tuple(remedy)))
        return before[-1]
    calls = [_with_what_is_told(call, suspect) for call in calls]
    answered = [call for call in calls if call.result is not NO_ANSWER]
    further = _with_other_numbers(answered[-1], suspect) if answered else []
    last = [wrong for wrong in mistakes(component) if asked and wrong.name in asked[-1].fitting]
    likely = [wrong for wrong in mistakes(component) if law in names.laws_that_catch(wrong)]
    fitting: list[Entry] = []
    for suspects in (last, likely, mistakes(component)):  # the likely ones first, since to ask one takes time
        fitting = fitting or [w for w in suspects if all(_ends_alike(w.functions, c, error) for c in calls + further)]
    if component == "init" and not fitting:  # the order of draws is free: the same mistake may give other numbers
        call = calls[-1]
        growth = _growth(call, suspect)
        for wrong in likely:
            if all(_ends_alike(wrong.functions, c, error, _form) for c in calls):
                other = _growth(call, _component(call.function, wrong.functions[call.function]))
                if growth is None or other is None or np.allclose(other, growth, rtol=0.3, equal_nan=True):
                    fitting.append(wrong)
    if call.options.get("key") is not None and not fitting:  # so is the order of the images in training
        fitting = [wrong for wrong in likely if _breaks_alike(wrong, law, error)]
    relation = []
    if answered and not before:  # it is the first law that is reported
        with contextlib.suppress(Exception):  # what is under test may fail in any way at all
            relation = relations.find(answered, further, suspect)
    if not fitting and relation == [relations.UNREPEATABLE]:
        fitting = [w for w in mistakes(component) if relations.unrepeatable(answered[-1], w.functions)]
    before.append(Evidence((), tuple(wrong.name for wrong in fitting), tuple(relation), True))
    return before[-1]


def most_likely(component: str, evidence: dict[str, Evidence], laws: dict[str, str]) -> str:
    """The causes of the first broken law, at most two that fit equally well, and a word on a second mistake beside it.

    Args:
        component: The component under test.
        evidence: That of each broken law, by the law's name. The first law is the one that is reported.
        laws: What became of each law that was run, such as "failed".
    """
    if not evidence:
        return ""
    later, all_evidence = _not_yet(component, laws), [*evidence.values()]
    evidence = {law: found for law, found in evidence.items() if law not in later} or evidence
    laws = {law: state for law, state in laws.items() if law not in later}
    reported = next(iter(evidence.values()))
    if reported.remedy:
        return reported.remedy[0]
    broken = {law for law, state in laws.items() if state == "failed"}
    # Fine print counts only if nothing else is broken: the table lists it only for mistakes that break nothing else.
    broken = broken & {*names.laws(component)} or broken
    caught = {wrong.name: names.laws_that_catch(wrong) & {*laws} for wrong in mistakes(component)}
    if not broken & {*names.laws(component, strict=True)}:  # laws of gradients: the table has none of those
        caught = dict.fromkeys(caught, broken)
    sentences = {wrong.name: wrong.sentence for wrong in mistakes(component)}
    otherwise = {
        name: {law for law, found in evidence.items() if found.compared and name not in found.fitting} & broken
        for name in caught
    }
    # Of the mistakes that fit the reported law, those that fit most others: large numbers tell what small ones cannot.
    fits = {name: sum(name in found.fitting for found in all_evidence) for name in reported.fitting}
    fitting = [name for name, number in fits.items() if number == max(fits.values())]
    agreement = {name: len(caught[name] & broken) / len(caught[name] | broken) for name in fitting}
    best = max(agreement.values(), default=0.0)
    if best < 1:
        pairs = [*_pairs(evidence, broken, caught, otherwise)]
        if len(pairs) == 1:
            one, other = pairs[0]
            return f"{sentences[one]}\nThere is probably a second mistake: {sentences[other]}"
    least = 0.9 if component == "init" else 0.8  # its numbers are random, and so weaker evidence
    likely = [
        name
        for name, share in agreement.items()  # examples are random too: one law may have held by chance
        if share == best
        and len(caught[name] & broken) >= least * (len(caught[name] | broken) - bool(caught[name] - broken))
    ]
    if not 1 <= len(likely) <= 2:
        return next(iter(reported.relation), "")
    unexplained = set.intersection(*(otherwise[name] - caught[name] for name in likely))
    more = "\nThere is probably a second mistake too, because this does not explain every law that fails."
    return "\nor: ".join(sentences[name] for name in likely) + more * bool(unexplained)


def _not_yet(component: str, laws: dict[str, str]) -> set[str]:
    """The laws of steps that seem not to be written yet: they come later than a broken law, and fail most of theirs."""
    of_steps = [[law for law in step if law in laws] for step in stubs.steps(component).values()]
    broken = [number for number, step in enumerate(of_steps) if "failed" in [laws[law] for law in step]]
    at = broken[0] if broken else len(of_steps)
    unwritten = [step for step in of_steps[at + 1 :] if 2 * sum(laws[law] == "passed" for law in step) < len(step)]
    return {law for step in unwritten for law in step}


def _pairs(evidence, broken, caught, otherwise) -> Iterator[tuple[str, str]]:
    """Two mistakes that together break what is broken, and neither alone. Each fits the laws that it alone breaks."""
    candidates = dict.fromkeys(itertools.chain(*(found.fitting for found in evidence.values())))
    for one, other in itertools.product(next(iter(evidence.values())).fitting, candidates):
        alone, other_alone = caught[one] - caught[other], caught[other] - caught[one]
        if alone and other_alone and caught[one] | caught[other] == broken:
            if otherwise[one] and otherwise[other] and not (alone & otherwise[one] or other_alone & otherwise[other]):
                yield one, other


def _with_other_numbers(call: Call, suspect: Component) -> list[Call]:
    """The call again, with other and more numbers: a counterexample is too small to tell mistakes apart."""
    if call.function in ("init_weights_biases", "init_mlp", "train_loop"):
        return []
    rng = np.random.default_rng(0)

    def other(value, more=0, first=0):
        if type(value) is int:  # with one class, a label of -1 wraps around to the class that clipping gives
            return value + 2
        if not isinstance(value, np.ndarray | jax.Array):
            return value
        shape = (value.shape[0] + more, *value.shape[1:]) if value.ndim else ()
        if np.issubdtype(value.dtype, np.integer):  # labels, some of them negative and some too large
            return np.arange(first, first + math.prod(shape)).astype(value.dtype).reshape(shape)
        return np.asarray(3 * rng.standard_normal(shape), value.dtype)

    calls = []
    for first in (-2, 1, 4, 7):
        arguments = tuple(
            jax.tree.map(other, argument) if isinstance(argument, list | tuple) else other(argument, 2, first)
            for argument in call.arguments
        )
        with contextlib.suppress(Exception):  # what crashes is no evidence for one mistake or another
            options = {name: other(value) for name, value in call.options.items()}
            answer = getattr(suspect, call.method)(*arguments, **options)
            calls.append(call._replace(arguments=arguments, options=options, result=answer))
    return calls


@functools.cache  # compiled once, for all laws that are broken
def _component(name: str, function) -> Component:
    return Component(name, function, [])


def _ends_alike(functions: dict, call: Call, error: BaseException, same: Callable = relations.agree) -> bool:
    """Whether a mistake gives the same answer to a call, or raises the same error."""
    try:
        answer = _again(call, _component(call.function, functions[call.function]))
    except Exception as raised:  # a wrong component may fail in any way at all
        return call.result is NO_ANSWER and type(raised) is type(error) and str(raised)[:100] == str(error)[:100]
    return call.result is not NO_ANSWER and same(answer, call.result)


def _breaks_alike(wrong: Entry, law: str, error: BaseException) -> bool:
    """Whether a mistake breaks a law that counts something over many keys, with the same count."""
    asked, count = names.laws(wrong.component, strict=True)[law], getattr(error, "got", None)
    if hasattr(asked, "hypothesis") or not isinstance(count, str):  # its examples are drawn, or it compares numbers
        return False
    implementation = Implementation()
    implementation.use(wrong.component, wrong.functions)
    try:
        asked(implementation)
    except Exception as raised:  # a wrong component may fail in any way at all
        words = getattr(raised, "got", None)
        return isinstance(words, str) and words == count
    return False


def _with_what_is_told(call: Call, suspect: Component) -> Call:
    """A call of `train_loop` with what its `on_epoch` is told as part of the answer."""
    if call.options.get("on_epoch") is not None and call.result is not NO_ANSWER:
        with contextlib.suppress(Exception):  # it may fail in any way at all
            return call._replace(result=_again(call, suspect))
    return call


def _again(call: Call, component: Component):
    if call.options.get("on_epoch") is None:
        return relations.again(call, component)
    told = []

    def on_epoch(*arguments, seconds=None, **figures):  # the time differs from run to run
        told.append((arguments, {name: np.asarray(figure).tolist() for name, figure in figures.items()}))

    return relations.again(call._replace(options={**call.options, "on_epoch": on_epoch}), component), told


def _growth(call: Call, component: Component) -> np.ndarray | None:
    """How many times larger each array of init becomes if the scale is four times as large, if that can be computed."""
    with contextlib.suppress(Exception), np.errstate(all="ignore"):
        small, large = (
            [np.abs(np.asarray(leaf, np.float64)).sum() for leaf in relations.at_scale(scale, call, component)]
            for scale in (1.0, 4.0)
        )
        return np.divide(large, small)
    return None


def _form(one, two) -> bool:
    """Whether two answers have the same structure, shapes and dtypes."""
    return jax.tree.map(jnp.shape, one) == jax.tree.map(jnp.shape, two) and jax.tree.map(
        jnp.result_type, one
    ) == jax.tree.map(jnp.result_type, two)
