"""`python -m curation`: from the Moments-in-Time tree to candidates, from ratings to tables."""

from collections.abc import Callable

from curation import analysis, release_commands, table_commands, tree_commands
from curation.vetting import commands as vetting
from study.cli import new_app, run

# In the order in which a study needs them.
_COMMANDS: dict[str, Callable[..., None]] = {
    "survey": tree_commands.survey,
    "candidates": tree_commands.candidates,
    "sample-ground-truths": tree_commands.sample_ground_truths,
    "export-ratings": table_commands.export_ratings,
    "agreement": analysis.agreement,
    "sensitivity": analysis.sensitivity,
    "raters": analysis.raters,
    "hints": vetting.hints,
    "vet": vetting.vet,
    "vet-report": vetting.vet_report,
    "test-set": table_commands.choose_test_set,
    "training-lists": table_commands.training_lists,
    "leakage": analysis.leakage,
    "materialise": table_commands.materialise,
    "figures": table_commands.figures,
    "check-release": release_commands.check_release,
    "import-release": release_commands.import_release,
}

app = new_app("Turn clips into candidates, and ratings into tables that can be published.")
for _name, _command in _COMMANDS.items():
    app.command(_name)(_command)


def main() -> None:
    """Run the command line."""
    run(app)


if __name__ == "__main__":
    main()
