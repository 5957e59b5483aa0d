"""The notebook of exercises, run from top to bottom by a real Jupyter kernel."""

import json

import nbclient
import nbformat
import pytest

from jax_mlp.components import COMPONENTS
from jax_mlp.exercises.notebook import notebook


def outputs(solved: bool, folder) -> list[str]:
    """What the code cells show. A cell that raises is an error, as is one that replaces a function of the notebook."""
    book = nbformat.reads(json.dumps(notebook(solved)), as_version=4)
    book.cells.append(nbformat.v4.new_code_cell("assert all(each.__module__ == '__main__' for each in mine), mine"))
    nbformat.validate(book)
    client = nbclient.NotebookClient(book, timeout=600, resources={"metadata": {"path": str(folder)}})
    client.execute()
    return [
        output.get("text") or output["data"]["text/plain"]
        for cell in book.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if output.output_type != "stream" or output.name == "stdout"
    ]


def test_as_it_is_nothing_is_written_and_nothing_raises(tmp_path):
    """The stubs are not written yet, which is not an error."""
    *checks, capstone = outputs(False, tmp_path)
    assert len(checks) == len(COMPONENTS)
    assert all("not written yet" in check for check in checks)
    assert "Not all eight components pass yet." in capstone


def test_with_the_references_bodies_all_pass(tmp_path):
    """Every check passes, and the capstone classifies nine digits of ten."""
    shown = outputs(True, tmp_path)
    checks, capstone = shown[: len(COMPONENTS)], " ".join(shown[len(COMPONENTS) :])
    assert all(check.rstrip().endswith("done") for check in checks), checks
    right = float(capstone.partition("Your network reads ")[2].partition("%")[0])
    assert right == pytest.approx(95, abs=5)
