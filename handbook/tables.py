"""Every table that a command writes, its columns from the schema by which it is written."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_type_hints

from annotator.timing import columns as timing
from curation.analysis import agreement, estimates, raters, sensitivity
from curation.clips import flow
from curation.manipulation.manifest import FinishedStimulus, RefusedStimulus
from curation.release import left_out, posterior, tables, whole
from curation.release.tables import Column, Schema
from curation.release.trial_table.columns import schema_of
from curation.release.trial_table.stimuli import STIMULI
from curation.release.trial_table.views import MODEL_VS_HUMAN, RECOGNITION
from curation.vetting import outcome
from features.extraction import run as extraction
from features.records.manifest import ManifestRow
from handbook.docstrings import meanings
from handbook.markdown import code
from lab.compare import numbers
from lab.recognition import lists as recognition_lists
from lab.release import texts
from models.data import labelled_clips, prior
from models.evaluation import prediction_table
from models.network.spec import Epoch
from sessions.exercises import lists as exercises
from sessions.laptops import clips_needed
from sessions.monitor import session_table
from sessions.people import demographics, remarks
from study import classes
from study.rehearsal.scene_table import SceneRow
from study.store import audit
from study.store.clips import candidates, clip_audits
from study.vocabulary import Phase

_KINDS = {"text": "text", "count": "whole number", "seconds": "seconds", "number": "number",
          "flag": "true or false", str: "text", int: "whole number", float: "number",
          bool: "true or false"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Listed:
    """A table: its file, the command that writes it, what a row is, and its columns.

    Parameters
    ----------
    by : str
        The functions that write it, as ``module:function``, separated by spaces.
    columns : tuple
        Name, what a cell holds, and meaning of each; a name in ‹ › stands for several.
    """

    file: str
    command: str
    by: str
    row: str
    columns: tuple[tuple[str, str, str], ...]


def listed() -> dict[str, list[Listed]]:
    """Return all tables by what people do with them."""
    return {
        "Released": _released(),
        "Ratings and raters": _of_ratings(),
        "Clips": _of_clips(),
        "For the lab": _for_the_lab(),
        "Embeddings and networks": _of_networks(),
    }


def _released() -> list[Listed]:
    export, whole_release = "curation.release.export:export_ratings", "lab.release.writing:_write"
    lists = "curation.selection.lists:make_training_lists curation.release.rewriting:import_release"
    trial, belief = "curation.release.trial_table", "curation.release.posterior:write_posterior"
    return [
        _of("video_ratings.csv", "curation export-ratings", export, tables.VIDEO_RATINGS),
        _of("raw_video_ratings.csv", "curation export-ratings", export,
            tables.raw_ratings(with_participant=True, with_times=True)),
        _of("label_posterior.csv", "curation export-ratings",
            belief, posterior.LABEL_POSTERIOR),
        _of("rater_confusion.csv", "curation export-ratings", belief, posterior.RATER_CONFUSION),
        _of("label_audit.csv", "curation export-ratings", belief, posterior.LABEL_AUDIT),
        _of("test_set.csv", "curation test-set", "curation.selection.lists:make_test_set",
            tables.TEST_SET),
        _of("AVMIT_train.csv and the other lists", "curation training-lists", lists,
            tables.VIDEO_RATINGS),
        _of("trials.csv and trials.parquet", "curation export-trials",
            f"{trial}.table:write_trials {trial}.table:write_parquet", schema_of(tuple(Phase))),
        _of("recognition_trials.csv", "curation export-recognition",
            f"{trial}.views:write_recognition", RECOGNITION),
        _of("model_vs_human.csv, and a file per participant", "curation export-recognition",
            f"{trial}.views:write_model_vs_human", MODEL_VS_HUMAN),
        _of("stimuli.csv", "lab release", whole_release, STIMULI),
        _of("clips.csv", "lab release", whole_release, whole.CLIPS),
        _of("rejects.csv of a release", "lab release", whole_release, whole.REJECTS),
        _of("agreement.csv of a release", "lab release", whole_release, whole.AGREEMENT),
        _of("left_out.csv", "lab release", whole_release, left_out.LEFT_OUT),
        _of(estimates.SAMPLE_NAME, "lab release", whole_release, estimates.SAMPLE),
        _of(estimates.FIGURE_2_NAME, "curation figures", "curation.commands.tables:figures",
            estimates.FIGURE_2_ESTIMATE),
        _named("data_dictionary.csv", "lab release", "lab.release.writing:_write_dictionary",
               "a column of a table of the release", texts.DICTIONARY_COLUMNS),
    ]  # fmt: skip


def _of_ratings() -> list[Listed]:
    analysis = "curation.commands.analysis"
    return [
        _named("agreement.csv", "curation agreement", f"{analysis}:agreement",
               "a class, scale and measure of agreement", agreement.COLUMNS),
        _named("agreement_of_pairs.csv", "curation agreement --pairs", f"{analysis}:agreement",
               "a pair of raters, scale and measure", agreement.PAIR_COLUMNS),
        _named("sensitivity.csv", "curation sensitivity", f"{analysis}:sensitivity",
               "a majority rule", sensitivity.COLUMNS),
        _named("raters.csv", "curation raters", f"{analysis}:raters", "a rater", raters.COLUMNS),
    ]  # fmt: skip


def _of_clips() -> list[Listed]:
    vetting, made = "curation.commands.vetting:vet_report", "curation.manipulation.manifest"
    return [
        _named("classes.csv", "study make-clips", "study.rehearsal.tree:_write_classes",
               "a class of Moments in Time", classes.COLUMNS),
        _fields("scenes.csv", "study make-clips", "study.rehearsal.scene_table:write_scenes",
                SceneRow),
        _of("candidates.csv", "curation candidates", "curation.commands.mit:candidates",
            tables.CLIP_LIST),
        _named("rejects.csv", "curation candidates", "curation.commands.mit:candidates",
               "a clip that was not admitted", candidates.REJECT_COLUMNS),
        _named("candidates_report.csv", "curation candidates --report",
               "curation.commands.mit:_report_flow", "a class of Moments in Time", flow.COLUMNS),
        _named("clip_audit.parquet", "curation candidates --report",
               "curation.clips.flow:write_audits", "a clip that was looked at",
               clip_audits.COLUMNS),
        _named("vettings.csv", "curation vet-report", vetting, "a verdict or note of a curator",
               outcome.HISTORY_COLUMNS),
        _named("vetting_disagreements.csv", "curation vet-report", vetting,
               "a clip that one curator keeps and another excludes",
               outcome.DISAGREEMENT_COLUMNS),
        _named("vetting_hints.csv", "curation vet-report", vetting, "a hint",
               outcome.HINT_COLUMNS),
        _fields("manifest.csv of stimuli", "curation manipulate", f"{made}:write_manifest",
                FinishedStimulus),
        _fields("rejects.csv of stimuli", "curation manipulate", f"{made}:write_rejects",
                RefusedStimulus),
        _named("test.csv, train.csv and validation.csv of people against networks",
               "lab demo DIR --recognition", "lab.recognition.lists:_write", "a clip",
               recognition_lists.COLUMNS),
    ]  # fmt: skip


def _for_the_lab() -> list[Listed]:
    report = "annotator.timing.report:write_report"
    return [
        _named("exercise_clips.csv", "sessions set-exercise --sample",
               "sessions.exercises.lists:write_draft", "a clip of an exercise",
               exercises.COLUMNS),
        _named("sessions.csv", "sessions export-sessions",
               "sessions.commands.monitor:export_sessions", "a session", session_table.COLUMNS),
        _named("notes.csv", "sessions export-notes", "sessions.commands.remarks:export_notes",
               "a remark or a flag", remarks.COLUMNS),
        _named("demographics.csv", "sessions export-demographics",
               "sessions.commands.people:export_demographics", "a band of answers",
               demographics.COLUMNS),
        _named("the audit log", "sessions audit-log --out FILE",
               "sessions.commands.store:audit_log", "a change", audit.COLUMNS),
        _named("LAPTOP.clips.csv", "sessions deal", "sessions.laptops.clips_needed:write_list",
               "a clip that the laptop needs", clips_needed.COLUMNS),
        *(_named(f"timing_{name}.csv", "annotator timing-report", report, row,
                 timing.TABLES[name])
          for name, row in (("sessions", "a session"), ("rigs", "a machine"),
                            ("presentations", "a playing"), ("warnings", "a press too early"),
                            ("failures", "a clip that could not be shown"))),
    ]  # fmt: skip


def _of_networks() -> list[Listed]:
    return [
        _fields("manifest.parquet of embeddings", "features extract",
                "features.records.manifest:write_manifest", ManifestRow),
        _named("rejects.csv of embeddings", "features extract",
               "features.extraction.run:_write_rejects", "a clip without a record",
               extraction.REJECT_COLUMNS),
        _named("prior.csv", "models prior", "models.data.prior:write_prior", "a clip",
               prior.COLUMNS),
        _named("lists/train.csv and lists/validation.csv of a model", "models train",
               "models.data.labelled_clips:write_list", "a clip", labelled_clips.COLUMNS),
        _fields("history.csv of a model", "models train", "models.training.train:_write_history",
                Epoch),
        _named("predictions of a network (.csv and .parquet)", "models evaluate",
               "models.evaluation.prediction_table:write_predictions", "a clip",
               prediction_table.COLUMNS),
        _named("comparison.csv", "lab compare", "lab.compare.page:write_comparison", "a number",
               numbers.COLUMNS),
    ]  # fmt: skip


def _of(file: str, command: str, by: str, schema: Schema) -> Listed:
    columns = tuple((each.name, _held(each), each.means) for each in schema.columns)
    return Listed(file, command, by, schema.title, columns)


def _held(column: Column) -> str:
    words = ", ".join(map(code, column.values)) or _KINDS[column.kind]
    return f"{words}; may be empty" if column.optional else words


def _named(file: str, command: str, by: str, row: str, columns: Mapping[str, str]) -> Listed:
    named = tuple((name, "", text) for name, text in columns.items())
    return Listed(file, command, by, f"One row per {row}", named)


def _fields(file: str, command: str, by: str, kind: type[Any]) -> Listed:
    hints, said = get_type_hints(kind), meanings(kind)
    names = [field.name for field in dataclasses.fields(kind)]
    columns = tuple((name, _type(hints[name]), said.get(name, "")) for name in names)
    row = (kind.__doc__ or "").partition("\n")[0].rstrip(".")
    return Listed(file, command, by, row, columns)


def _type(hint: Any) -> str:  # noqa: ANN401
    inside = [one for one in getattr(hint, "__args__", ()) if one not in (type(None), Ellipsis)]
    if hint in _KINDS:
        return _KINDS[hint]
    if getattr(hint, "__origin__", None) is tuple:
        return f"list of {_type(inside[0])}s"
    return f"{_type(inside[0])}; may be empty" if inside else "text"
