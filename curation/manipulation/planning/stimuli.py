"""One line per stimulus: which condition, whose picture, whose sound, and what is right."""

from dataclasses import dataclass

from curation.manipulation.planning.conditions import Condition
from curation.manipulation.planning.design import Design
from curation.manipulation.planning.pairing import incongruent_sounds
from curation.manipulation.planning.sources import SourceClip
from study.tools.seeding import generator


@dataclass(frozen=True, slots=True)
class PlannedStimulus:
    """A clip that is to be made.

    Parameters
    ----------
    source : SourceClip
        The clip whose picture it has; with a black picture, the clip whose sound it has.
    sound : SourceClip
        The clip whose sound it has, if any.
    filename : str
        ``<condition>/<label>/<clip>``.
    """

    condition: Condition
    source: SourceClip
    sound: SourceClip
    filename: str

    @property
    def picture_label(self) -> str:
        """The class that is seen; empty where the picture is black."""
        return "" if self.condition.modality == "audio" else self.source.label

    @property
    def sound_label(self) -> str:
        """The class that is heard; empty in silence."""
        return "" if self.condition.modality == "visual" else self.sound.label

    @property
    def label(self) -> str:
        """The right answer; empty where none is."""
        asked = {"picture": self.picture_label, "sound": self.sound_label}
        if self.condition.attended in asked:
            return asked[self.condition.attended]
        return self.picture_label if self.picture_label == self.sound_label else ""


def plan_stimuli(
    design: Design, sources: list[SourceClip], audible: list[SourceClip]
) -> list[PlannedStimulus]:
    """Return the stimuli of a design, clip by clip and in each in the order of the conditions.

    A stimulus depends on the design's seed, its condition and the set, and on no other condition.

    Parameters
    ----------
    sources : list of SourceClip
        Clips that can be decoded.
    audible : list of SourceClip
        Those of them whose sound can be heard.
    """
    pairs = {
        condition.name: incongruent_sounds(
            sources, audible, generator(design.seed, "pairs", condition.name)
        )
        for condition in design.condition
        if condition.incongruent
    }
    return [
        PlannedStimulus(
            condition=condition,
            source=source,
            sound=pairs[condition.name][source.name] if condition.incongruent else source,
            filename=f"{condition.name}/{source.stem}{design.suffix}",
        )
        for source in sources
        for condition in design.condition
    ]
