"""What only reads results starts without the libraries that calculate, which take seconds."""

import subprocess
import sys

import pytest

from models.network.spec import Schedule
from models.search.surrogates import SearchPlan, write_plan

SLOW = ("jax", "keras", "tensorflow")


def loaded_by(*program):
    """Names of the slow libraries that a program has loaded when it ends."""
    end = f"import sys; print([name for name in {SLOW} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", "\n".join([*program, end])],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1]


@pytest.mark.parametrize(
    "module",
    [
        "lab.report",
        "models.commands.search_results",
        "models.commands.table5",
        "models.evaluation.results",
        "models.saving.card",
        "models.search.table4",
    ],
)
def test_results_and_cards_are_read_without_jax_and_keras(module):
    assert loaded_by(f"import {module}") == "[]"


def test_training_loads_jax_so_that_these_tests_can_fail():
    assert "jax" in loaded_by("import models.commands.train")


def test_the_state_of_a_search_is_shown_without_jax_and_keras(tmp_path):
    lists = [tmp_path / "train.csv", tmp_path / "validation.csv"]
    for path in lists:
        path.write_text("filename,AVMIT_label\nbarking/a.mp4,barking\n")
    plan = SearchPlan(
        seed=1,
        cells=("vggish_vgg16-gru",),
        n_surrogates=3,
        schedule=Schedule(),
        embeddings=tmp_path,
        train=lists[0],
        validation=lists[1],
        lists=("a", "b"),
    )
    write_plan(plan, tmp_path)
    status = f"app(['search', 'status', '--out', {str(tmp_path)!r}], standalone_mode=False)"
    assert loaded_by("from models.__main__ import app", status) == "[]"


def test_loading_a_model_and_reading_evaluations_start_no_jax():
    assert loaded_by("import models; models.load; models.read_evaluations") == "[]"
    assert "jax" in loaded_by("import models; models.train")
