from typing import Annotated

import typer
from typer.testing import CliRunner

from study.cli import new_app


def test_help_says_what_an_option_that_is_left_out_stands_for():
    app = new_app("A program.")

    @app.command()
    def look(
        where: Annotated[str | None, typer.Option(help="a folder [default: beside it]")] = None,
    ) -> None:
        """Look somewhere."""

    said = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "120"}).stdout
    assert "a folder [default: beside it]" in said
