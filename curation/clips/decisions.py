"""An audited clip is admitted or rejected."""

from study.store.clips.candidates import Candidate, RejectedClip
from study.store.clips.clip_audits import ClipAudit

# What may have changed without the clip's file: decided on anew in every run.
PASSING_REASONS = ("missing", "unlisted")


def decide(audit: ClipAudit, avmit_label: str) -> Candidate | RejectedClip:
    """Admit or reject a clip by its audit.

    Paper: Selection of MIT Videos.
    """
    if audit.reason:
        return RejectedClip(
            audit.filename,
            audit.video_location,
            audit.mit_label,
            audit.reason,
            audit.detail or _MEANINGS.get(audit.reason, ""),
        )
    return Candidate(
        filename=audit.filename,
        video_location=audit.video_location,
        mit_label=audit.mit_label,
        avmit_label=avmit_label,
        sha256=audit.sha256,
        duration_s=audit.duration_s or 0.0,
        frame_rate_hz=audit.frame_rate_hz or 0.0,
        width_px=audit.width_px or 0,
        height_px=audit.height_px or 0,
        peak=audit.peak or 0.0,
    )


_MEANINGS = {
    "bad_name": "its name is no UTF-8 or has a carriage return: rename it",
    "empty": "the file has no bytes",
    "missing": "there is no file, or what is there is none",
    "no_audio": "there is no sound stream",
    "no_video": "there is no picture",
    "no_times": "its frames have no time stamps",
    "odd_pictures": "its pictures cannot be brought to the screen",
    "odd_sound": "there is no mix of its channels for two ears",
    "odd_times": "its time stamps jump back",
    "outside_root": "a link leads out of the tree",
    "silent": "all samples are 0",
    "too_large": "it is longer or larger than a clip may be",
    "too_slow": "decoding it takes too long",
    "unlisted": "the tree's own list does not have it",
    "unreadable": "it cannot be decoded to the end without faults",
}
