"""People against networks."""

from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from lab.compare.numbers import compare as compared
from lab.compare.page import write_comparison
from lab.compare.power import Plan, plan_table
from lab.compare.reading import SPELLINGS, read_responses
from lab.compare.responses import MODALITIES
from study.errors import ConfigError
from study.tools.cli import LARGEST_NUMBER, OverwriteOption, stderr_console
from study.tools.commands import example
from study.tools.wording import counted

_MOST_RESAMPLES = 100_000


@example("python -m lab compare --people recognition_trials.csv --networks predictions --out DIR")
def compare(
    people: Annotated[
        list[Path] | None, typer.Option(help="table of people's answers, or a folder of them")
    ] = None,
    networks: Annotated[
        list[Path] | None, typer.Option(help="table of networks' answers, or a folder of them")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="folder for the page and the table of numbers")
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(help="a column of other tables, such as observer=subject or clip=stimulus"),
    ] = None,
    conditions: Annotated[
        Path | None,
        typer.Option(help="table with the modality or asynchrony_ms of each condition"),
    ] = None,
    benefit: Annotated[
        str | None,
        typer.Option(help="conditions to hold together: audio=A,visual=B,audiovisual=C"),
    ] = None,
    resamples: Annotated[
        int, typer.Option(min=10, max=_MOST_RESAMPLES, help="of participants and clips")
    ] = 1000,
    seed: Annotated[int, typer.Option(min=0, max=LARGEST_NUMBER, help="draws them")] = 1,
    plan: Annotated[
        bool, typer.Option("--plan", help="say what intervals to expect, before the study")
    ] = False,
    clips: Annotated[
        int, typer.Option(min=1, max=LARGEST_NUMBER, help="--plan: clips of a condition")
    ] = 960,
    participants: Annotated[
        int, typer.Option(min=1, max=LARGEST_NUMBER, help="--plan: who answer them")
    ] = 12,
    classes: Annotated[
        int, typer.Option(min=1, max=LARGEST_NUMBER, help="--plan: to choose from")
    ] = 16,
    overwrite: OverwriteOption = False,
) -> None:
    """Compare what people and networks answered, or plan such a comparison."""
    if plan:
        typer.echo(_table(Plan(clips, participants, classes)))
        return
    if out is None:
        raise ConfigError("there is no place for the page. Add --out DIR")
    given = _pairs_of(column or [], "--column", set(SPELLINGS))
    with stderr_console().status("compare: reading"):
        responses = read_responses(
            people or [], networks or [], columns=given, conditions=conditions
        )
    with stderr_console().status(f"compare: {counted(len(responses.rows), 'answer')}"):
        found = compared(
            responses,
            n_resamples=resamples,
            seed=seed,
            benefit_conditions=_benefit(benefit),
        )
        page = write_comparison(found, out, overwrite=overwrite)
    typer.echo(f"{counted(len(found.numbers), 'number')}: {page}")


def _benefit(given: str | None) -> dict[str, str] | None:
    if given is None:
        return None
    return _pairs_of(given.split(","), "--benefit", set(MODALITIES))


def _pairs_of(given: list[str], option: str, known: set[str]) -> dict[str, str]:
    found = {}
    for one in given:
        name, is_pair, value = (part.strip() for part in one.partition("="))
        if not (is_pair and value) or name not in known:
            raise ConfigError(
                f"{option} {one!r} is not NAME=VALUE with a name out of "
                f"{', '.join(sorted(known))}. Write it so"
            )
        found[name] = value
    return found


def _table(plan: Plan) -> str:
    table = plan_table(plan)
    table["half_width"] = table["half_width"].map("±{:.3f}".format)
    for name in ("clips_for_0.05", "clips_for_0.1"):
        table[name] = ["" if np.isnan(value) else f"{int(value):,}" for value in table[name]]
    return str(table.to_string(index=False, na_rep=""))
