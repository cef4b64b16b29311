"""How large a demo is."""

from dataclasses import dataclass, replace

from study.rehearsal.actions import DEFAULT_CLASSES


@dataclass(frozen=True, slots=True)
class DemoSize:
    """The numbers of a demo; the protocol's thresholds are scaled to them.

    Parameters
    ----------
    clips_per_class : int
        Clips to make of each.
    n_ground_truths : int
        Clips that the expert rates.
    class_min_prominent, test_size_per_class : int
        Prominent clips that a class needs, and test clips that it gives.
    trials_per_block : int
        Trials of a simulated participant in the window, at real speed.
    n_in_window : int
        Simulated participants who begin in the window; the others rate on the simulated stage.
    n_late_clips : int
        Clips that P03, who joins late, takes over from the others.
    n_epochs, patience : int
        Epochs of training at most, and without improvement.
    """

    classes: tuple[str, ...] = DEFAULT_CLASSES
    clips_per_class: int = 38
    n_ground_truths: int = 40
    class_min_prominent: int = 8
    test_size_per_class: int = 3
    trials_per_block: int = 5
    n_in_window: int = 4
    n_late_clips: int = 12
    n_epochs: int = 120
    patience: int = 20

    @property
    def n_clips(self) -> int:
        """Clips in all."""
        return len(self.classes) * self.clips_per_class

    def with_clips(self, clips_per_class: int | None) -> "DemoSize":
        """Return the same demo with more or fewer clips of each class.

        Parameters
        ----------
        clips_per_class : int or None
            None for no change.
        """
        return self if clips_per_class is None else replace(self, clips_per_class=clips_per_class)


FULL = DemoSize()
SMALLEST = DemoSize(
    classes=("drumming", "frying", "whistling"),
    clips_per_class=9,
    n_ground_truths=6,
    class_min_prominent=3,
    test_size_per_class=1,
    trials_per_block=1,
    n_in_window=2,  # the second one is hasty
    n_late_clips=3,
    n_epochs=5,
    patience=5,
)
