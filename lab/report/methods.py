"""A methods section in the order of the paper, with the numbers of this study."""

from collections.abc import Iterator, Mapping

import pandas as pd

from curation.analysis.agreement import ALL_CLASSES
from curation.selection.filters import accepted_classes
from curation.tally import is_prominent
from lab.report.networks import Networks
from lab.report.rating import Ratings
from lab.report.recognition import Recognised
from lab.report.recognition import sentences as recognition_sentences
from models.network.spec import TITLES
from study.config.study import Study
from study.tools.wording import counted


def paragraphs(
    study: Study,
    found: Ratings,
    networks: Networks,
    lists: Mapping[str, pd.DataFrame],
    answers: Recognised | None = None,
) -> list[tuple[str, str]]:
    """Return the section as headings and paragraphs.

    What has not happened yet is not told; the recognition experiment is not in the paper.

    Notes
    -----
    Paper: Methods, in its order.
    """
    parts = {
        "Participants": _participants(study, found),
        "Selection of MIT videos": _selection(study, found),
        "Annotation procedure": _procedure(study, found),
        "Quality control": _quality(study, found),
        "Test set": _test_set(study, found, lists),
        "Recognition experiment": recognition_sentences(study, answers),
        "Neural network embeddings": _embeddings(networks),
        "Training": _training(networks, lists),
        "Evaluation": _evaluation(networks),
    }
    told = {heading: " ".join(sentences) for heading, sentences in parts.items()}
    return [(heading, text) for heading, text in told.items() if text]


def _n(n: int, noun: str) -> str:
    plural = f"{noun}es" if noun.endswith("s") else f"{noun}s"
    return f"{n:,} {noun if n == 1 else plural}"


def _participants(study: Study, found: Ratings) -> Iterator[str]:
    raters = [one for one in found.status.participants if one.n_done]
    if not raters:
        return
    kinds = pd.Series([one.participant.kind.value for one in raters]).value_counts()
    said = " and ".join(f"{n} {kind}" for kind, n in kinds.items())
    noun = "participant" if len(raters) == 1 else "participants"
    rate = study.config.money(study.config.protocol.hourly_rate_pence)
    yield (
        f"{said} {noun} rated clips and {'was' if len(raters) == 1 else 'were'} paid {rate} per "
        "hour and a bonus that depended on performance."
    )


def _selection(study: Study, found: Ratings) -> Iterator[str]:
    counts = found.counts
    if counts.empty:
        return
    n_all = int(counts["n"].sum())
    n_candidates = int(counts.loc[counts["reason"] == "", "n"].sum())
    n_classes = counts["mit_label"].nunique()
    yield (
        f"We looked at {_n(n_all, 'clip')} of {counted(n_classes, 'class', 'classes')} of "
        f"Moments in Time, "
        f"{study.config.protocol.clip_s:g} s long, and admitted {n_candidates:,} of them "
        "whose sound could be decoded and was not silent."
    )


def _procedure(study: Study, found: Ratings) -> Iterator[str]:
    if found.rated is None:
        return
    protocol = study.config.protocol
    given = found.rated.ratings
    n_ratings = 0 if given is None else len(given)
    how = "by "
    if protocol.rating_rule == "until_certain":
        how = "until its answer was certain, by up to "
    elif protocol.may_ask_fewer:
        how = f"until {' and '.join(protocol.questions)} could not change, by up to "
    most = protocol.most_ratings if protocol.may_ask_fewer else protocol.ratings_per_clip
    yield (
        f"Each clip was rated {how}{counted(most, 'participant')} as unclean (1), "
        "moderately clean (2) or very clean (3) with respect to its class label. Participants "
        "could replay a clip; a key pressed before its end led to a warning and another playing."
    )
    enough = f"had at least {protocol.ratings_per_clip}"
    if protocol.may_ask_fewer:
        enough = "had as many as that takes"
    yield (
        f"{_n(n_ratings, 'rating')} entered the analysis; {_n(len(found.rated.clips), 'clip')} "
        f"{enough}."
    )
    if found.rated.counted is not None and found.rated.counted.n_left_out:
        yield (
            f"{_n(found.rated.counted.n_left_out, 'rating')} did not count, because the record "
            "of the trial spoke against them."
        )
    if found.certainty:
        yield f"Clips were rated until their answer was {found.certainty}."
    yield from _agreement(found)


def _agreement(found: Ratings) -> Iterator[str]:
    if found.agreement is None:
        return
    table = found.agreement
    everything = table[table["avmit_label"] == ALL_CLASSES]
    of_scale = everything[everything["scale"] == "prominent"]
    row = of_scale[of_scale["measure"] == "alpha_nominal"].iloc[0]
    if row["defined"] == "yes":
        of = ""
        if found.note and found.full is not None:
            of = f", estimated from {_n(len(found.full.clips), 'clip')} drawn at random"
        yield (
            "Agreement on whether the event was the most prominent feature was Krippendorff's "
            f"alpha = {row['value']:.3f} (95 % bootstrap interval {row['low']:.3f} to "
            f"{row['high']:.3f}{of})."
        )


def _quality(study: Study, found: Ratings) -> Iterator[str]:
    protocol, status = study.config.protocol, found.status
    if not status.n_sampled:
        return
    yield (
        f"An expert rated {_n(status.n_truths, 'clip')}, which served as ground truths without "
        f"being announced; each rating that matched one earned "
        f"{study.config.money(protocol.bonus_pence)}."
    )
    kappa = status.reliability.weighted_kappa
    if kappa is not None:
        yield (
            f"The expert rated {_n(status.reliability.n, 'clip')} again (quadratically weighted "
            f"kappa = {kappa:.3f})."
        )


def _test_set(study: Study, found: Ratings, lists: Mapping[str, pd.DataFrame]) -> Iterator[str]:
    if found.rated is None or found.rated.clips.empty:
        return
    protocol, clips = study.config.protocol, found.rated.clips
    n_prominent = int(is_prominent(clips, protocol.majority).sum())
    rule = {
        "strict": "more than half of its ratings were 3",
        "at_least_two": "two of its ratings or more were 3",
    }[protocol.majority]
    if "posterior" in clips:
        rule = "that was the likelier answer, given its ratings and how its raters rate"
    n_classes = len(accepted_classes(clips, protocol.majority, protocol.class_min_prominent))
    yield (
        f"A clip was prominent if {rule}: {n_prominent:,} of {len(clips):,} clips. "
        f"{_n(n_classes, 'class')} had {protocol.class_min_prominent} prominent clips or more."
    )
    if "test_set" in lists:
        test = lists["test_set"]
        rates = " or ".join(f"{rate:g}" for rate in protocol.test_frame_rates_hz)
        sure = "that everybody had rated 3"
        if "posterior" in clips:
            sure = f"of which this was {protocol.test_certainty:g} certain or more"
        yield (
            f"From the clips of these classes {sure}, that play at "
            f"{rates} frames per second and that no curator excluded, {_n(len(test), 'clip')} "
            f"of {_n(test['avmit_label'].nunique(), 'class')} were drawn as the test set."
        )


def _embeddings(networks: Networks) -> Iterator[str]:
    for name, n_records, grid, audio, visual, _precision in networks.sets:
        yield (
            f"Embeddings {name} were extracted for {n_records:,} clips "
            f"({audio}; {visual}; {grid} frame grid)."
        )
    if networks.untrained:
        yield "THESE NETWORKS WERE NOT TRAINED: their embeddings are seeded chance."


def _training(networks: Networks, lists: Mapping[str, pd.DataFrame]) -> Iterator[str]:
    for kind in ("AVMIT", "MIT16"):
        train, validation = lists.get(f"{kind}_train"), lists.get(f"{kind}_validation")
        if train is not None and validation is not None:
            yield (
                f"The {kind} lists hold {len(train):,} training and {len(validation):,} validation "
                f"clips of {_n(train['avmit_label'].nunique(), 'class')}."
            )
    if len(networks.table_4):
        yield (
            f"Hyperparameters of {_n(len(networks.table_4), 'network')} were searched at random "
            "(Table 4)."
        )
    if networks.cards:
        noun = "network was" if len(networks.cards) == 1 else "networks were"
        yield (
            f"{len(networks.cards)} recurrent {noun} trained with Adam and an exponentially "
            "decaying learning rate; the epoch with the lowest validation loss was kept."
        )


def _evaluation(networks: Networks) -> Iterator[str]:
    for each in networks.evaluations:
        yield (
            f"The {each.rnn.upper()} trained on {each.training_set} with "
            f"{TITLES.get(each.embedding_set, each.embedding_set)} named "
            f"{100 * each.top_1:.2f} % of {each.test.n_clips:,} test clips right "
            f"(top 5: {100 * each.top_5:.2f} %, loss {each.loss:.4f})."
        )
