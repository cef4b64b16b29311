"""`python -m study`: make a study, check it, freeze its protocol, make clips to rehearse with."""

from study.tools.cli import run
from study.tools.commands import Panel, new_app

PANELS = (
    Panel(
        "Study",
        "study.commands.study",
        {
            "init": "Write study.toml (unless it is there) and make the study's empty store.",
            "check": "Check that configuration, classes, texts, clips and store can be used.",
            "freeze": "Freeze the protocol.",
            "upgrade": "Upgrade a store of an older version.",
            "protect": "Close the study's folder, store and back-ups to other accounts.",
        },
    ),
    Panel(
        "Rehearsal",
        "study.commands.rehearsal",
        {
            "make-clips": "Make rehearsal clips.",
            "contact-sheet": "Draw a rehearsal clip of every class and rating.",
        },
    ),
)

app = new_app("Make a study, check it, freeze its protocol.", PANELS)


def main() -> None:
    """Run the command line."""
    run(app)


if __name__ == "__main__":
    main()
