"""`python -m models`: the paper's networks."""

from study.tools.cli import run
from study.tools.commands import Panel, new_app

PANELS = (
    Panel(
        "Training",
        "models.commands.train",
        {
            "train": "Train one network as the paper did.",
            "experiment": "Train and evaluate all cells on several training sets.",
        },
    ),
    Panel(
        "Search",
        "models.commands.random_search",
        {
            "search": "The paper's random search: run it, see how far it is, take the best.",
        },
    ),
    Panel(
        "Evaluation",
        "models.commands.evaluate",
        {
            "evaluate": "Evaluate a network on a list, print its row of Table 5 and draw a page.",
        },
    ),
    Panel(
        "Evaluation",
        "models.commands.table5",
        {
            "table5": "Print the evaluations below some folders as Table 5.",
        },
    ),
    Panel(
        "Rating",
        "models.commands.prior",
        {
            "prior": "Write how probable it is that each clip is prominent, for the stop rule and "
            "the order.",
        },
    ),
    Panel(
        "The authors' checkpoints",
        "models.commands.checkpoints",
        {
            "import-checkpoint": "Turn a checkpoint that the authors released into a model.",
        },
    ),
)

app = new_app("Train the paper's networks on embeddings, evaluate them, tabulate.", PANELS)


def main() -> None:
    """Run the command line."""
    run(app)


if __name__ == "__main__":
    main()
