"""`python -m sessions`: the experimenter's desk."""

from study.tools.cli import run
from study.tools.commands import Panel, new_app

PANELS = (
    Panel(
        "People",
        "sessions.commands.people",
        {
            "enrol": "Enrol a participant.",
            "consent": "Keep the consent that a participant has signed on paper.",
            "list": "List who takes part.",
            "show": "Show what the store knows of a participant, and what they may do next.",
            "demographics": "Keep what a participant said of themselves, apart from their ratings.",
            "export-demographics": "Write how many participants there are per band.",
            "participants-text": "Write the paper's paragraph on its participants.",
            "close": "Close a participant's record.",
            "withdraw": "Withdraw a participant's consent.",
            "erase": "Remove a person from the store.",
        },
    ),
    Panel(
        "Training and screening",
        "sessions.commands.exercises",
        {
            "set-exercise": "Choose the clips of training and screening, before the plan is made.",
            "print-sheet": "Print a sheet as A4 PDF, with the numbers that the screens show.",
            "screening": "Show how a participant did in the screening.",
        },
    ),
    Panel(
        "Plan",
        "sessions.commands.plan",
        {
            "plan": "Decide once who rates which clip, and in which order.",
            "extend": "Give a late joiner clips that the others have not rated yet.",
            "reassign": "Give the clips of people who leave to the others.",
        },
    ),
    Panel(
        "Ground truths",
        "sessions.commands.expert",
        {
            "correct-ground-truth": "Correct a ground truth.",
        },
    ),
    Panel(
        "How it goes",
        "sessions.commands.monitor",
        {
            "status": "Show where the study stands: people, agreement, alarms, forecast.",
            "end-session": "Close a session whose program or machine has crashed.",
        },
    ),
    Panel(
        "How it goes",
        "sessions.commands.dashboard",
        {
            "dashboard": "Serve the study at a glance to a browser on this machine, until Ctrl-C.",
        },
    ),
    Panel(
        "Money",
        "sessions.commands.pay",
        {
            "pay": "Show what a participant has earned, session by session.",
        },
    ),
    Panel(
        "Laptops",
        "sessions.commands.laptops",
        {
            "deal": "Give a laptop without a network its participants.",
            "merge": "Bring back what was rated on laptops.",
            "write-off-laptop": "Give up a laptop that will not come back.",
        },
    ),
    Panel(
        "Store",
        "sessions.commands.store",
        {
            "backup": "Copy the store, also while people rate.",
            "check": "Check that the store is whole and its clips are the admitted ones.",
            "audit-log": "Show what was changed: when, by whom, what.",
        },
    ),
)

app = new_app("Enrol participants, train, screen, plan, pay.", PANELS)


def main() -> None:
    """Run the command line."""
    run(app)


if __name__ == "__main__":
    main()
