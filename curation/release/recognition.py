"""The table of recognition trials: one row per answer that counts, without names or dates."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd

from curation.release.small_groups import SMALLEST_GROUP, n_people
from curation.release.tables import Column, Provenance, Schema, write_table
from study import counting
from study.config.study import Study
from study.counting import Counted
from study.errors import StoreError, TableError
from study.store import Db, is_read_only, store_snapshot, store_transaction, studies
from study.store.people import pseudonyms
from study.store.recognition.counted import judged
from study.tools.files import refuse_existing, written_atomically
from study.vocabulary import Phase

FILE_NAME = "recognition_trials.csv"
EXPERIMENT = "recognition"


def _of(name: str, means: str, kind: str = "text", *, optional: bool = False) -> Column:
    return Column(name, name, means, kind, optional)


RECOGNITION = Schema(
    "One row per recognition trial whose answer counts, practice left out",
    (
        _of("row_id", "number of the row", "count"),
        _of("participant", "pseudonym of who answered; the same in every release of the study"),
        Column("phase", "phase", "what the session was for", values=(str(Phase.RECOGNITION),)),
        _of("square_row", "row of the balanced square, from 1; people of one row met the same "
            "clips", "count"),
        _of("position", "number of the row among the participant's, from 1, in the order in "
            "which they were given", "count"),
        _of("filename", "the clip that was shown, within the folder of stimuli"),
        _of("condition", "how it was manipulated"),
        _of("source", "the clip that its picture is of; of a black picture, that of its sound"),
        _of("sound_source", "the clip that its sound is of; empty where it is silent",
            optional=True),
        _of("label", "the right answer; empty where none is", optional=True),
        _of("picture_label", "class of the picture; empty where it is black", optional=True),
        _of("sound_label", "class of the sound; empty where it is silent", optional=True),
        Column("modality", "modality", "what is left of the clip",
               values=("audiovisual", "audio", "visual")),
        _of("asynchrony_ms", "milliseconds by which the sound is late; empty where there is only "
            "one of picture and sound", "number", optional=True),
        Column("attend", "attend", "what was asked for", values=("both", "picture", "sound")),
        _of("response", "the class that was answered"),
        _of("correct", "whether it is the right one; empty where none is", "flag", optional=True),
        _of("rt_s", "seconds from the end of the last playing to the answer, without "
            "interruptions", "seconds"),
        _of("confidence", "how sure, from 1; empty where it was not asked", "count",
            optional=True),
        _of("interrupted_s", "seconds of pauses and of the question whether to leave, before the "
            "answer", "seconds"),
        _of("n_interruptions", "how many interruptions", "count"),
        _of("n_early_presses", "how often a key of an answer came while the clip was playing",
            "count"),
        _of("n_presentations", "how often the clip was played, in part or whole; more than once "
            "only where it was disturbed or interrupted", "count"),
        _of("av_offset_s", "start of the sound minus first frame of the last playing, in "
            "seconds; empty where the driver did not say", "number", optional=True),
        _of("n_frames_shown", "frames of the last playing that were shown", "count",
            optional=True),
        _of("n_frames_dropped", "frames of the last playing that were never shown", "count",
            optional=True),
        _of("n_frames_late", "flips that came late, in all playings", "count"),
        _of("bonus_pence", "what the participant was promised for the answer, in the smallest "
            "unit of the currency", "count"),
        _of("simulated", "whether a simulated person answered; in rehearsals only", "flag"),
        _of("flags", "what speaks against the answer and was let through, by name, with ; "
            "between; empty where nothing does", optional=True),
    ),
    is_one_row_per_clip=False,
    key=("row_id",),
)  # fmt: skip

_AS_STORED = (
    "filename", "condition", "source", "modality", "attend", "rt_s", "interrupted_s",
    "n_interruptions", "n_early_presses", "bonus_pence",
)  # fmt: skip


def with_pseudonyms(study: Study, at: datetime) -> dict[str, str]:
    """Return what releases call everybody whose answers count; new names are kept.

    Raises
    ------
    StoreError
        If somebody has none yet and the store cannot be written.
    TableError
        If answers of fewer than three people count.
    """
    with store_snapshot(study.store_url) as db:
        answers = counted(db, study).ratings
        known = pseudonyms.given(db)
    n = n_people(answers)
    if n < SMALLEST_GROUP:
        raise TableError(
            f"answers of {n} {'person' if n == 1 else 'people'} count, and {SMALLEST_GROUP} are "
            "needed before trials may leave the lab: fewer can be told apart. Let more people do "
            "the recognition experiment"
        )
    people = {str(person) for person in answers["participant_id"].unique()}
    if people <= known.keys():
        return known
    if is_read_only(study.store_url):
        raise StoreError(
            "there are participants without a pseudonym, and the store cannot be written to keep "
            "new ones. Export first where the store can be written"
        )
    with store_transaction(study.store_url) as db:
        return pseudonyms.give(db, people, at)


def counted(db: Db, study: Study) -> Counted:
    """Return the answers that count, practice left out, and why others do not."""
    found = judged(db, study)
    return counting.counted(found[~found["is_practice"].astype(bool)].reset_index(drop=True))


def recognition_trials(found: Counted, names: Mapping[str, str]) -> pd.DataFrame:
    """Return the rows of the table.

    Parameters
    ----------
    found : Counted
        From `counted`.
    names : mapping of str to str
        From `with_pseudonyms`.

    Returns
    -------
    DataFrame
        The columns of `RECOGNITION`, participant by participant in the order of their trials.
    """
    answers = found.ratings.sort_values("trial_id", ignore_index=True)
    is_right = (answers["answer"] == answers["label"]).astype("boolean")
    rows = pd.DataFrame(
        {
            "participant": answers["participant_id"].map(names),
            "phase": str(Phase.RECOGNITION),
            "square_row": answers["square_row"] + 1,
            "position": answers.groupby("participant_id").cumcount() + 1,
            **{name: answers[name] for name in _AS_STORED},
            **{
                name: answers[name].astype(object).where(answers[name] != "", None)
                for name in ("sound_source", "label", "picture_label", "sound_label")
            },
            "asynchrony_ms": answers["asynchrony_ms"].astype(float),
            "response": answers["answer"],
            "correct": is_right.mask(answers["label"] == ""),
            "confidence": answers["confidence"].astype("Int64"),
            "n_presentations": answers["n_presentations"].fillna(0).astype(int),
            "av_offset_s": answers["av_offset_s"].astype(float).round(6),
            "n_frames_shown": answers["n_frames_shown"].astype("Int64"),
            "n_frames_dropped": answers["n_frames_dropped"].astype("Int64"),
            "n_frames_late": answers["n_frames_late"].fillna(0).astype(int),
            "simulated": answers["is_simulated"].astype(bool),
            "flags": answers["doubts"].map(";".join).replace("", None),
        }
    )
    rows[["rt_s", "interrupted_s"]] = rows[["rt_s", "interrupted_s"]].astype(float).round(6)
    rows = rows.sort_values(["participant", "position"], ignore_index=True)
    rows.insert(0, "row_id", np.arange(1, len(rows) + 1))
    return rows


def write(
    db: Db, study: Study, found: Counted, rows: pd.DataFrame, path: Path, *, at: datetime,
    overwrite: bool,
) -> None:  # fmt: skip
    """Write the table and its data dictionary.

    Raises
    ------
    StudyError
        If one of the files exists and must not be replaced.
    """
    store = studies.identity(db, study)
    provenance = Provenance(
        rehearsal=study.config.rehearsal,
        store_id=store.store_id,
        store_revision=store.revision,
        made_at=at.isoformat(timespec="seconds"),
        counts={str(Phase.RECOGNITION): found.as_counts()},
    )
    write_table(rows, RECOGNITION, path, provenance, overwrite=overwrite)


def write_model_vs_human(rows: pd.DataFrame, folder: Path, *, overwrite: bool) -> int:
    """Write a file per participant with the columns of the toolbox model-vs-human.

    Trials without a right answer are left out, because the toolbox has no place for them.

    Returns how many files.

    Raises
    ------
    StudyError
        If one of the files exists and must not be replaced.
    """
    parts = {
        folder / f"{EXPERIMENT}_subject-{i:02}_session_1.csv": _as_model_vs_human(own, i)
        for i, (_, own) in enumerate(rows.dropna(subset=["label"]).groupby("participant"), start=1)
    }
    for path in parts:
        refuse_existing(path, overwrite=overwrite)
    for path, part in parts.items():
        with written_atomically(path, overwrite=overwrite) as file:
            part.to_csv(file, index=False)
    return len(parts)


def _as_model_vs_human(own: pd.DataFrame, number: int) -> pd.DataFrame:
    subject = f"subject-{number:02}"
    return pd.DataFrame(
        {
            "subj": subject,
            "session": 1,
            "trial": own["position"],
            "rt": own["rt_s"],
            "object_response": own["response"],
            "category": own["label"],
            "condition": own["condition"],
            "imagename": [
                # Number, experiment, subject, condition, class, image: the toolbox's own scheme.
                f"{position:04}_{EXPERIMENT}_{subject}_{condition}_{label}_00_{_plain(source)}"
                for position, condition, label, source in zip(
                    own["position"], own["condition"], own["label"], own["source"], strict=True
                )
            ],
        }
    )


def _plain(source: str) -> str:
    return source.replace("/", "-").replace("_", "-")
