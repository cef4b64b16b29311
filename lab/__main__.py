"""`python -m lab`: commands about a study as a whole."""

from study.tools.cli import run
from study.tools.commands import Panel, new_app

DEMO = Panel(
    "Demo",
    "lab.commands.demo",
    {
        "demo": "Run a whole study on clips that it makes.",
        "report": "Write the page that shows what a demo did.",
    },
)

RELEASE = Panel(
    "Release",
    "lab.commands.release",
    {
        "release": "Write a release that leaves the lab whole.",
    },
)

app = new_app("Run, report and release a whole study.", (DEMO, RELEASE))


def main() -> None:
    """Run the command line."""
    run(app)


if __name__ == "__main__":
    main()
