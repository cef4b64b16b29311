"""`python -m curation`: from the Moments-in-Time tree to candidates, from ratings to tables."""

from study.tools.cli import run
from study.tools.commands import Panel, new_app

PANELS = (
    Panel(
        "Clips",
        "curation.commands.mit",
        {
            "survey": "Count the clips of each class that have sound.",
            "candidates": "Admit or reject every clip of the study's classes.",
            "keep-names": "Give records the names of an earlier export.",
            "sample-ground-truths": "Draw the candidates for the expert to rate.",
        },
    ),
    Panel(
        "Ratings",
        "curation.commands.tables",
        {
            "export-ratings": "Write raw_video_ratings.csv and video_ratings.csv.",
            "export-trials": "Write the table of trials, with pseudonyms and without dates.",
        },
    ),
    Panel(
        "Recognition",
        "curation.commands.recognition",
        {
            "export-recognition": "Write recognition_trials.csv, with pseudonyms.",
        },
    ),
    Panel(
        "Analysis",
        "curation.commands.analysis",
        {
            "agreement": "Show how well raters agree.",
            "sensitivity": "Show what another majority rule would change in classes and lists.",
            "raters": "Write a table of raters and a page for each.",
        },
    ),
    Panel(
        "Vetting",
        "curation.commands.vetting",
        {
            "hints": "Compute hints for the clips to vet.",
            "vet": "Open the local page on which a curator keeps or excludes clips.",
            "vet-report": "Show the verdicts of vetting.",
        },
    ),
    Panel(
        "Lists",
        "curation.commands.tables",
        {
            "test-set": "Draw test_set.csv.",
            "training-lists": "Write the AVMIT and MIT-16 lists for training and validation.",
        },
    ),
    Panel(
        "Lists",
        "curation.commands.analysis",
        {
            "leakage": "Show which sources and near-duplicates stand in two lists.",
        },
    ),
    Panel(
        "Lists",
        "curation.commands.tables",
        {
            "materialise": "Copy or link the test clips under their new names, with SHA256SUMS.",
            "figures": "Draw Figure 2, and an overview of the test set if there is one.",
        },
    ),
    Panel(
        "Lists",
        "curation.commands.manipulation",
        {
            "manipulate": "Make manipulated clips of a test set.",
        },
    ),
    Panel(
        "Published lists",
        "curation.commands.release",
        {
            "check-release": "Check published lists for faults.",
            "import-release": "Rewrite published lists with the columns of Tables 2 and 3.",
        },
    ),
)

app = new_app("Turn clips into candidates, and ratings into tables that can be published.", PANELS)


def main() -> None:
    """Run the command line."""
    run(app)


if __name__ == "__main__":
    main()
