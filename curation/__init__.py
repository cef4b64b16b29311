"""The curator's tables: candidates, ratings, test set, training lists, figures.

From Python: ``tally_ratings``, ``measure_agreement``, ``filter_clips`` and ``draw_test_set`` take
DataFrames, in our columns or in those of the published files.
"""

from typing import TYPE_CHECKING

from study.tools.faces import lazy_faces

if TYPE_CHECKING:
    from curation.analysis.agreement import measure_agreement
    from curation.selection.filters import accepted_classes, filter_clips
    from curation.selection.test_set import draw_test_set
    from curation.tally import tally_ratings

__all__ = [
    "accepted_classes",
    "draw_test_set",
    "filter_clips",
    "measure_agreement",
    "tally_ratings",
]

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy_faces(
        __name__,
        {
            "accepted_classes": "curation.selection.filters:accepted_classes",
            "draw_test_set": "curation.selection.test_set:draw_test_set",
            "filter_clips": "curation.selection.filters:filter_clips",
            "measure_agreement": "curation.analysis.agreement:measure_agreement",
            "tally_ratings": "curation.tally:tally_ratings",
        },
    )
