"""Which clips a curator looks at, and in which order."""

import pandas as pd

from curation.decided import belief_of, tally_of_study
from curation.selection.filters import accepted_classes, filter_clips
from curation.selection.picture_facts import with_picture_facts
from study.config.protocol import Protocol
from study.config.study import Study
from study.store import Db
from study.store.clips import vettings
from study.store.ratings.counted import counted


def nothing_to_vet(protocol: Protocol) -> str:
    """Return why the queue is empty, and what shows where the study stands."""
    return (
        "nothing to vet: the test set is drawn from clips on which all raters agree, in classes "
        f"with {protocol.class_min_prominent} prominent clips, and there is none yet. What counts "
        "so far: python -m curation export-ratings"
    )


def vetting_queue(db: Db, study: Study) -> pd.DataFrame:
    """Return the clips from which the test set may be drawn, likely exclusions first.

    Returns
    -------
    DataFrame
        Columns ``candidate_id, filename, video_location, avmit_label, mit_label, hint`` (name of
        the highest hint, empty without any) and ``score``; unanimous clips of the accepted
        classes and frame rates, whatever has been said of them so far.
    """
    protocol = study.config.protocol
    found = counted(db, study).ratings
    tally = tally_of_study(found, study, belief_of(db, study))
    clips = with_picture_facts(db, tally.clips, study.folder, protocol)
    classes = accepted_classes(clips, protocol.majority, protocol.class_min_prominent)
    # Excluded clips stay in the queue: a curator may think again, another may disagree.
    pool, _left = filter_clips(clips.assign(is_excluded=False), classes, protocol)
    hints = vettings.hints(db).reindex(pool["candidate_id"])
    known = hints.fillna(0.0)
    columns = ["candidate_id", "filename", "video_location", "avmit_label", "mit_label"]
    queue = pool[columns].assign(
        hint=known.idxmax(axis=1).to_numpy() if known.shape[1] else "",
        score=known.max(axis=1).to_numpy() if known.shape[1] else 0.0,
    )
    queue.loc[queue["score"] <= 0, "hint"] = ""
    return queue.sort_values(["score", "filename"], ascending=[False, True], ignore_index=True)
