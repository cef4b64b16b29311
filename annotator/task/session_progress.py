"""How far a session is, and when its time is over."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from study.tools.wording import lasted

N_CELLS = 20  # of the bar
FEWEST_TRIALS = 10  # that are worth a break before them
_USUAL_TRIAL_S = 6.0  # until something is known of this participant


@dataclass(frozen=True, slots=True)
class SessionProgress:
    """How far a session is.

    Parameters
    ----------
    n_done, n_session : int
        Clips rated in all, and in this session.
    elapsed_s : float
        How long it has lasted.
    share : float
        How much of it is over, from 0 to 1.
    bonus_session_pence, bonus_total_pence : int or None
        Earned in it, and in all; None where there is no bonus.
    """

    n_done: int
    n_session: int
    elapsed_s: float
    share: float
    bonus_session_pence: int | None = None
    bonus_total_pence: int | None = None

    def words(self) -> dict[str, object]:
        """Return what texts call by these names."""
        return {"n_session": self.n_session, "lasted": lasted(self.elapsed_s)}

    def bar(self) -> str:
        """Return a bar of cells.

        Examples
        --------
        >>> SessionProgress(0, 0, 0.0, 0.1).bar()
        '■■□□□□□□□□□□□□□□□□□□'
        """
        n_full = round(N_CELLS * min(max(self.share, 0.0), 1.0))
        return "■" * n_full + "□" * (N_CELLS - n_full)


@dataclass(frozen=True, slots=True)
class Limits:
    """Where a session ends if anything is left.

    Parameters
    ----------
    n_trials : int or None
        After so many trials; None for no limit.
    lasts_s : float or None
        After so many seconds; None for no limit.
    """

    n_trials: int | None = None
    lasts_s: float | None = None

    def after(self, elapsed_s: float) -> "Limits":
        """Return what is left of them after a while without trials."""
        return Limits(self.n_trials, None if self.lasts_s is None else self.lasts_s - elapsed_s)

    def share(self, n_trials: int, elapsed_s: float, n_planned: int) -> float:
        """Return how much of the session is over, the nearest limit counting.

        `n_planned`: trials that are left without a limit.
        """
        of_trials = n_trials / max(1, min(n_planned, self.n_trials or n_planned))
        return max(
            of_trials, elapsed_s / self.lasts_s if self.lasts_s and self.lasts_s > 0 else 0.0
        )

    def is_over(
        self, elapsed_s: float, trials_s: Sequence[float], *, rest_s: float | None = None
    ) -> bool:
        """Return whether no time is left for another trial, or for a break and what is worth it.

        Parameters
        ----------
        trials_s : sequence of float
            How long the last trials took, the median of which is expected of the next one.
        rest_s : float or None
            How long the break lasts that would come first; None where none would.

        Examples
        --------
        >>> Limits(lasts_s=60.0).is_over(50.0, [5.0, 6.0, 20.0])
        False
        >>> Limits(lasts_s=60.0).is_over(55.0, [5.0, 6.0, 20.0])
        True
        """
        if self.lasts_s is None:
            return False
        trial_s = statistics.median(trials_s) if trials_s else _USUAL_TRIAL_S
        need_s = trial_s if rest_s is None else rest_s + FEWEST_TRIALS * trial_s
        return elapsed_s + need_s > self.lasts_s
