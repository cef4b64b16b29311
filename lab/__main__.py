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

app = new_app("Run and report a whole study.", (DEMO,))


def main() -> None:
    """Run the command line."""
    run(app)


if __name__ == "__main__":
    main()
