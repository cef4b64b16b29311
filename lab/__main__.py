"""`python -m lab`: commands about a study as a whole."""

from study.tools.cli import run
from study.tools.commands import Panel, new_app

DEMO = Panel("Demo", "lab.commands.demo", {"demo": "Run a whole study on clips that it makes."})
REPORT = Panel("Report", "lab.commands.report", {"report": "Write one page of the whole study."})
TRACE = Panel("Report", "lab.commands.trace", {"trace": "Follow a number back to the key presses."})
RELEASE = Panel(
    "Release", "lab.commands.release", {"release": "Write a release that leaves the lab whole."}
)
CHECK = Panel(
    "Release", "lab.commands.checking", {"check-release": "Check a release without its store."}
)
OBSERVE = Panel(
    "People and networks",
    "lab.commands.observe",
    {"observe": "Show manipulated clips to networks."},
)
COMPARE = Panel(
    "People and networks",
    "lab.commands.compare",
    {"compare": "Compare what people and networks answered, or plan such a comparison."},
)

app = new_app(
    "Run, report, trace and release a whole study; compare people with networks.",
    (DEMO, REPORT, TRACE, RELEASE, CHECK, OBSERVE, COMPARE),
)


def main() -> None:
    """Run the command line."""
    run(app)


if __name__ == "__main__":
    main()
