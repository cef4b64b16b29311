"""Whose sound goes on whose picture: every class about equally often with every other."""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from curation.manipulation.planning.sources import SourceClip
from study.errors import StudyError


def incongruent_sounds(
    pictures: Sequence[SourceClip], sounds: Sequence[SourceClip], rng: np.random.Generator
) -> dict[str, SourceClip]:
    """Draw for each picture the sound of a clip of another class and another source video.

    The pictures of a class get the sounds of every other class equally often, within one; with
    classes of one size, every class also gives its sounds equally often, within one. The sounds of
    a class are taken equally often, within one, as far as source videos allow.

    Returns the sound by the picture's name. Raises StudyError if a class has no other one, or a
    picture none of another source video.

    Parameters
    ----------
    pictures : sequence of SourceClip
        In any order; the same for the same clips and generator.
    sounds : sequence of SourceClip
        Clips whose sound can be heard.
    """
    sounding = _by_class(sounds)
    labels = sorted({source.label for source in pictures} | set(sounding))
    order = [labels[i] for i in rng.permutation(len(labels))]
    wanted: dict[str, list[SourceClip]] = {label: [] for label in order}
    for label, own in sorted(_by_class(pictures).items()):
        others = [each for each in _after(label, order) if each in sounding]
        if not others:
            raise StudyError(
                f"no clip of another class than {label} can be heard, so that no sound is "
                "incongruent with it. Name a set with more classes"
            )
        drawn = [own[i] for i in rng.permutation(len(own))]
        for place, picture in enumerate(drawn):
            wanted[others[place % len(others)]].append(picture)
    pairs: dict[str, SourceClip] = {}
    for label, asking in wanted.items():
        pairs |= _shared_out(asking, sounding.get(label, []), rng)
    return pairs


def _by_class(sources: Sequence[SourceClip]) -> Mapping[str, list[SourceClip]]:
    found: dict[str, list[SourceClip]] = {}
    for source in sorted(sources, key=lambda one: one.name):
        found.setdefault(source.label, []).append(source)
    return found


def _after(label: str, order: list[str]) -> list[str]:
    # From its own place onwards: what is left over after equal shares goes to every class alike.
    place = order.index(label)
    return order[place + 1 :] + order[:place]


def _shared_out(
    asking: Sequence[SourceClip], sounds: Sequence[SourceClip], rng: np.random.Generator
) -> dict[str, SourceClip]:
    used: Counter[str] = Counter()
    pairs = {}
    for picture in asking:
        others = [sound for sound in sounds if sound.video != picture.video]
        if not others:
            raise StudyError(
                f"every sound of the class {sounds[0].label} is of the source video of "
                f"{picture.name}. Name a set with more clips"
            )
        fewest = min(used[sound.name] for sound in others)
        least = [sound for sound in others if used[sound.name] == fewest]
        chosen = least[int(rng.integers(len(least)))]
        used[chosen.name] += 1
        pairs[picture.name] = chosen
    return pairs
