"""`python -m sessions`: the experimenter's desk."""

from study.tools.cli import run
from study.tools.commands import Panel, new_app

PANELS = (
    Panel(
        "People",
        "sessions.commands.people",
        {
            "enrol": "Enrol a participant.",
            "consent": "Record the consent that a participant signed on paper.",
            "list": "List who takes part.",
            "show": "Show a participant's record, and what they may do next.",
            "demographics": "Record a participant's age, sex, hearing and vision.",
            "export-demographics": "Export the number of participants per band.",
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
            "extend": "Give a participant who joins late clips that the others have not rated yet.",
            "reassign": "Give the clips of people who leave to the others.",
        },
    ),
    Panel(
        "Recognition",
        "sessions.commands.recognition",
        {
            "plan-recognition": "Decide who is to recognise which clips.",
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
            "forecast": "Show what each rating rule still asks for: ratings, hours and money.",
            "export-sessions": "Export all sessions: time, rig, ratings and pay, one row each.",
            "end-session": "Close a session whose program or machine has crashed.",
        },
    ),
    Panel(
        "How it goes",
        "sessions.commands.dashboard",
        {
            "dashboard": "Show an overview of the study in a browser, until Ctrl-C.",
            "desk": "Work at the desk in a browser, until Ctrl-C.",
        },
    ),
    Panel(
        "Remarks and flags",
        "sessions.commands.remarks",
        {
            "note": "Write a remark on a participant.",
            "flag": "Flag a rating as a mis-key, or its trial as disturbed.",
            "export-notes": "Export all remarks and flags for the lab's own use.",
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
            "deal": "Prepare a laptop without a network for some participants.",
            "merge": "Merge the ratings from laptops.",
            "write-off-laptop": "Write off a laptop that will not come back.",
        },
    ),
    Panel(
        "Store",
        "sessions.commands.store",
        {
            "backup": "Copy the store, even while people rate.",
            "check": "Check that the store is intact and its clips are the admitted ones.",
            "audit-log": "Show who changed what, and when.",
        },
    ),
)

app = new_app("Enrol participants, train, screen, plan, pay.", PANELS)


def main() -> None:
    """Run the command line."""
    run(app)


if __name__ == "__main__":
    main()
