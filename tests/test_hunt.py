"""Find the mistake: its rounds are fair, and it can be played in a pipe."""

import ast

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from typer.testing import CliRunner

from jax_mlp import train_loop
from jax_mlp.checking import names
from jax_mlp.cli import app
from jax_mlp.components import COMPONENTS
from jax_mlp.exercises import hunt
from jax_mlp.mistakes import caught_by, mistakes


def play(*arguments, **options):
    """`jax-mlp exercises hunt …`, in this process."""
    return CliRunner().invoke(app, ["exercises", "hunt", *map(str, arguments)], **options)


def defined(code):
    """What a round's code defines."""
    namespace = {"jax": jax, "jnp": jnp, "np": np}
    exec(code, namespace)
    return namespace


def test_exactly_one_law_of_a_round_catches_its_mistake():
    """A hundred rounds differ, and in each exactly one of the laws shown catches the mistake."""
    all_rounds, caught = hunt.rounds(0), caught_by()
    assert len({each.code for each in all_rounds}) >= 100
    for each in all_rounds:
        catching = caught[f"{each.component}/{each.mistake}"]
        sentences = [sentence for law, sentence in hunt.laws(each.component).items() if law in catching]
        assert [law in sentences for law in each.laws] == [n == each.caught_by for n in range(len(each.laws))]


def test_a_seed_gives_the_same_rounds():
    """The same seed gives the same rounds, and another one another order."""
    assert hunt.rounds(1) == hunt.rounds(1)
    assert hunt.rounds(1) != hunt.rounds(2)


def test_the_code_tells_neither_name_nor_sentence_of_its_mistake():
    """The code stands under the component's name, without docstrings and comments, and is a program."""
    for each in hunt.rounds(0):
        tree = ast.parse(each.code)
        functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
        assert any(function.name in COMPONENTS[each.component] for function in functions)
        assert not any(ast.get_docstring(function) for function in functions)
        assert "#" not in each.code


def test_what_is_shown_is_the_mistake_and_the_right_code():
    """Each relu of a round differs from the relu that is shown as right."""
    x = jnp.array([[-2.0, -0.5, 0.25], [0.5, 3.0, 7.0]])
    right = defined(hunt.fixed("relu"))["relu"]
    assert np.array_equal(right(x), np.maximum(0, x))
    leaky = next(each for each in hunt.rounds(0, "relu") if each.mistake == "leaky")
    assert float(defined(leaky.code)["relu"](jnp.float32(-1))) == np.float32(-0.01)
    for component in COMPONENTS:
        assert {*COMPONENTS[component]} <= {*defined(hunt.fixed(component))} | {"he", "lecun"}


def trained(loop, **options):
    """The parameters after training on 130 images, and what `on_epoch` received except the time."""
    rng, told = np.random.default_rng(0), []
    x, y = rng.standard_normal((130, 2)).astype(np.float32), np.arange(130) % 2
    x[:, 0] += 12 * y - 6  # so that an epoch is enough to classify every training image correctly
    test_labels = y[:20] ^ (np.arange(20) < 5)  # which it cannot

    def on_epoch(seconds, **figures):
        told.append({name: float(value) for name, value in figures.items()})
        return True

    batches = [(x[:9], y[:9]), (x[9:13], y[9:13])] if options.pop("batches", False) else None
    params = [(jnp.zeros((2, 2)), jnp.zeros(2))]
    got = loop(params, x, x[:20], y, test_labels, 2, learning_rate=0.5, batches=batches, on_epoch=on_epoch, **options)
    return [*map(np.asarray, jax.tree.leaves(got)), *told]


def same(one, other):
    """Whether two such results are the same up to rounding."""
    first, second = map(jax.tree.leaves, (one, other))
    return len(first) == len(second) and all(np.allclose(a, b, atol=1e-4) for a, b in zip(first, second, strict=True))


CALLS = {"all": {}, "batches": {"batches": True}, "key": {"key": jax.random.key(0)}}


@pytest.fixture(scope="module")
def right():
    """What the correct loop gives for each call."""
    return {name: trained(train_loop, **call) for name, call in CALLS.items()}


@pytest.fixture(scope="module")
def codes():
    """The code of each round of `train_loop`, by its mistake."""
    return {each.mistake: each.code for each in hunt.rounds(0, "train_loop")}


@pytest.mark.parametrize("entry", [e for e in mistakes("train_loop") if e.name in hunt.CHANGES], ids=lambda e: e.name)
def test_a_changed_line_makes_the_mistake_of_the_catalogue(entry, codes, right):
    """A round of `train_loop`, whose code is changed in a line, does what the mistake in the catalogue does."""
    loop = defined(codes[entry.name])["train_loop"]
    got = {name: trained(loop, **call) for name, call in CALLS.items()}
    for name in ("all", "batches")[entry.name == "always_shuffled" :]:  # if shuffled, the two draw different orders
        assert same(got[name], trained(entry.functions["train_loop"], **CALLS[name]))
    only_the_time_is_wrong = entry.name == "seconds_since_the_first_epoch"
    assert only_the_time_is_wrong or not all(same(got[name], right[name]) for name in CALLS)


@pytest.mark.parametrize("component", COMPONENTS)
def test_laws_are_those_that_are_asked(component):
    """The laws to choose from are those that the checker asks of any implementation."""
    assert [*hunt.laws(component)] == [*names.laws(component)]


def test_it_is_played_in_a_pipe():
    """Answers come one per line; each is judged and explained, and the end counts those that were right."""
    first, second = hunt.rounds(7)[:2]
    wrong = (second.caught_by + 1) % len(second.laws)
    played = play("--seed", 7, "--rounds", 2, input=f"{first.caught_by + 1}\n{wrong + 1}\n")
    assert played.exit_code == 0
    assert "Right. This law catches it." in played.output
    assert f"Not this one. It misses the mistake. The law that catches it is {second.caught_by + 1}:" in played.output
    assert first.counterexample["call"] in played.output
    assert "You found 1 of 2." in played.output
    assert played.output.endswith("jax-mlp exercises hunt --rounds 2 --seed 7\n")


def test_no_more_answers_is_an_end():
    """If the answers run out, the game ends tidily."""
    played = play("relu", input="")
    assert played.exit_code == 0
    assert played.output.endswith("No more answers. You found 0 of 0.\n")


@pytest.mark.parametrize(
    ("arguments", "answer", "words"),
    [
        ([], "9", "expected a number from 1 to 4, got '9'"),
        ([], "two", "expected a number from 1 to 4, got 'two'"),
        (["loop"], "1", "expected one of relu, init,"),
        (["relu", "--rounds", "1000"], "1", "rounds, got 1000. Choose a smaller"),
    ],
)
def test_bad_input_is_one_clear_error(arguments, answer, words):
    """What cannot be an answer, a component or a number of rounds ends the game with an error that says so."""
    played = play(*arguments, "--seed", 0, input=answer)
    assert isinstance(played.exception, ValueError)
    assert words in str(played.exception)
