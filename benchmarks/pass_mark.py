"""What the pass mark of the screening lets through."""

from math import comb


def pass_probability(accuracy: float, n_clips: int, pass_mark: int, n_attempts: int = 1) -> float:
    """Return how probable it is that somebody passes the screening.

    Parameters
    ----------
    accuracy : float
        The probability to rate a clip as the expert does, alike for all clips.
    n_clips : int
        Clips of the screening.
    pass_mark : int
        How many have to be right.
    n_attempts : int
        How often they may try, with fresh clips and without getting better.

    Returns
    -------
    float
        The probability to pass at least once.

    Notes
    -----
    Paper: Quality Control, 38 of 41.

    Examples
    --------
    >>> round(pass_probability(0.93, 41, 38), 3)
    0.678
    """
    once = sum(
        comb(n_clips, n_right) * accuracy**n_right * (1 - accuracy) ** (n_clips - n_right)
        for n_right in range(pass_mark, n_clips + 1)
    )
    return 1 - (1 - once) ** n_attempts
