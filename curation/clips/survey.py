"""The paper's own question of every clip of a tree: whether it has a sound that is not silence."""

from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pandas as pd

from curation.clips.batches import in_batches
from curation.clips.mit_tree import MitTree, TreeClip
from study.clips.probe import is_silent
from study.errors import ClipError


def survey(
    tree: MitTree,
    *,
    n_processes: int | None = None,
    on_progress: Callable[[int, int], None] = lambda n_done, n_clips: None,
) -> pd.DataFrame:
    """Count the clips of each class that have sound, without storing anything.

    Parameters
    ----------
    n_processes : int or None
        How many processes; None for one per core.
    on_progress : callable
        Told after each batch how many clips of how many are done.

    Returns
    -------
    DataFrame
        Columns ``mit_label, reason`` (empty for clips with a sound) and ``n``, as
        `curation.clips.flow.flow_table` takes them.
    """
    n_clips, n_done = tree.n_clips(), 0
    on_progress(0, n_clips)
    clips = (clip for place in tree.folders() for clip in tree.clips(*place))
    counts: Counter[tuple[str, str]] = Counter()
    ask = partial(_answer, root=tree.root)
    for answers in in_batches(
        ask, clips, on_crash=_after_crash, on_timeout=_after_timeout, n_processes=n_processes
    ):
        counts.update(answers)
        n_done += len(answers)
        on_progress(n_done, n_clips)
    rows = [(*key, n) for key, n in sorted(counts.items())]
    return pd.DataFrame(rows, columns=["mit_label", "reason", "n"])


def what_sounds(path: Path) -> str:
    """Ask one clip the paper's question, decoding no more of it than the answer needs.

    Returns
    -------
    str
        Empty for a sound; ``silent``, ``no_audio``, or why it cannot be told.

    Notes
    -----
    Paper: Selection of MIT Videos.
    """
    try:
        return "silent" if is_silent(path) else ""
    except ClipError as error:
        return error.reason
    except OSError:  # a bad block, or no right to read
        return "unreadable"


def _answer(clip: TreeClip, root: Path) -> tuple[str, str]:
    if clip.standing:
        return clip.mit_label, clip.standing
    return clip.mit_label, "outside_root" if clip.leaves(root) else what_sounds(clip.path)


def _after_crash(clip: TreeClip) -> tuple[str, str]:
    return clip.mit_label, "unreadable"


def _after_timeout(clip: TreeClip) -> tuple[str, str]:
    return clip.mit_label, "too_slow"
