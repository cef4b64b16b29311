"""Keys of `[protocol]` that older versions had, in the words of this one."""

from collections.abc import Mapping
from typing import Any

_OLDER = ("max_ratings_per_clip", "further_rating_when")
_PRESENT = ("rating_rule", "decide", "ratings_at_most")
_QUESTIONS = {"no_majority": "majority", "not_unanimous": "agreement"}


def in_present_keys(content: Any) -> Any:  # noqa: ANN401
    """Return the content of `[protocol]` with older keys replaced by those of this version.

    A study that asked for further ratings where raters disagree goes on as it began. Raises
    ValueError if older and present keys contradict one another, or an older one is wrong.
    """
    if not isinstance(content, Mapping) or not any(key in content for key in _OLDER):
        return content
    kept = {key: value for key, value in content.items() if key not in _OLDER}
    most, when = content.get("max_ratings_per_clip"), content.get("further_rating_when")
    if when is not None and (not isinstance(when, str) or when not in _QUESTIONS):
        raise ValueError(f"further_rating_when is {when!r:.80}; say {' or '.join(_QUESTIONS)}")
    present = [key for key in _PRESENT if kept.get(key, "all") not in ("all", None)]
    if most is not None and present:
        raise ValueError(
            f"max_ratings_per_clip is an older key and {present[0]} says what it said. "
            "Leave max_ratings_per_clip and further_rating_when out"
        )
    if most is None:
        return kept  # every clip got as many, whatever the other key said
    least = content.get("ratings_per_clip", 3)
    if type(most) is not int or type(least) is not int or not least <= most <= 5:
        raise ValueError(
            f"max_ratings_per_clip is {most!r:.80}; it is expected to be a whole number from "
            "ratings_per_clip to 5"
        )
    if most == least:
        return kept
    asked = {"decide": [_QUESTIONS[when or "no_majority"]], "ratings_at_most": most}
    return {**kept, "rating_rule": "until_decided", **asked}
