"""The random search: a table of its own."""

from study.tools.commands import Panel, new_app

search = new_app(
    "The paper's random search: run it, see how far it is, take the best.",
    (
        Panel(
            "Run",
            "models.commands.search_run",
            {"run": "Run the surrogates that have no result yet."},
        ),
        Panel(
            "Results",
            "models.commands.search_results",
            {
                "status": "Print how far a search is.",
                "best": "Print Table 4 of a search and write best.json.",
                "plots": "Plot the surrogates of every cell.",
                "to-optuna": "Copy the results into Optuna studies.",
            },
        ),
    ),
)
