"""`python -m curation`: from the Moments-in-Time tree to candidates, from ratings to tables."""

from collections.abc import Callable

from curation.commands import analysis, release, tables, tree
from curation.commands import vetting as vetting
from study.tools.cli import new_app, run

# In the order in which a study needs them.
_COMMANDS: dict[str, Callable[..., None]] = {
    "survey": tree.survey,
    "candidates": tree.candidates,
    "keep-names": tree.keep_names,
    "sample-ground-truths": tree.sample_ground_truths,
    "export-ratings": tables.export_ratings,
    "agreement": analysis.agreement,
    "sensitivity": analysis.sensitivity,
    "raters": analysis.raters,
    "hints": vetting.hints,
    "vet": vetting.vet,
    "vet-report": vetting.vet_report,
    "test-set": tables.choose_test_set,
    "training-lists": tables.training_lists,
    "leakage": analysis.leakage,
    "materialise": tables.materialise,
    "figures": tables.figures,
    "check-release": release.check_release,
    "import-release": release.import_release,
}

app = new_app("Turn clips into candidates, and ratings into tables that can be published.")
for _name, _command in _COMMANDS.items():
    app.command(_name)(_command)


def main() -> None:
    """Run the command line."""
    run(app)


if __name__ == "__main__":
    main()
