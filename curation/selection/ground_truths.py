"""Which candidates the expert rates before the study."""

from collections.abc import Sequence

import numpy as np

from study.errors import StudyError


def sample_ground_truths(
    candidate_ids: Sequence[int], n_ground_truths: int, rng: np.random.Generator
) -> list[int]:
    """Draw candidates uniformly, without regard to their class.

    Returns ids in the order drawn, which is the order in which the expert sees them. Raises
    StudyError if there are fewer candidates.

    Paper: Quality Control ("2,000 videos were uniformly sampled").
    """
    if len(candidate_ids) < n_ground_truths:
        raise StudyError(
            f"{n_ground_truths} ground truths were asked for and {len(candidate_ids)} candidates "
            "can be drawn. Ask for fewer with --n, or admit more candidates"
        )
    drawn = rng.choice(np.asarray(candidate_ids), size=n_ground_truths, replace=False)
    return [int(candidate_id) for candidate_id in drawn]
