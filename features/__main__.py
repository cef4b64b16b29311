"""`python -m features`: embeddings of clips."""

from study.tools.cli import run
from study.tools.commands import Panel, new_app

PANELS = (
    Panel(
        "Weights",
        "features.commands.weights",
        {
            "weights": "Fetch, list and verify the weights of the four networks.",
        },
    ),
    Panel(
        "Extraction",
        "features.commands.extract",
        {
            "extract": "Write one record per clip, and a manifest beside them.",
            "sets": "List the embedding sets.",
            "forecast": "Write a page with hours and cost for 57,177 and 1,000,000 clips.",
        },
    ),
    Panel(
        "Records",
        "features.commands.records",
        {
            "check": "Check every record.",
            "pack": "Write the .tar of a release, and one array of all records with its index.",
            "unpack": "Unpack the .tar of a release, and check every record.",
        },
    ),
    Panel(
        "Records",
        "features.commands.explore",
        {
            "explore": "Write a page that shows clips by their embeddings.",
        },
    ),
)

app = new_app("Extract the audiovisual embeddings of clips, and look after them.", PANELS)


def main() -> None:
    """Run the command line."""
    run(app)


if __name__ == "__main__":
    main()
