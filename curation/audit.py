"""One clip -> its audit: cheap questions first, decoding only where they leave doubt."""

from dataclasses import replace
from pathlib import Path

from study.clips.inspection import Inspection, inspect, spread
from study.clips.probe import ClipProbe, probe
from study.errors import ClipError
from study.files import sha256_of
from study.store.clip_audits import ClipAudit

NEAR_SILENT_PEAK = 0.005  # -46 dB of full scale
NOTICED_OFFSET_S = 0.045  # sound this early is noticed (ITU-R BT.1359)
_ODD_DURATION_S = 0.25


def audit_clip(
    path: Path, *, filename: str, video_location: str, root: Path, clip_s: float = 3.0
) -> ClipAudit:
    """Examine a clip: what it is, whether all of it can be decoded, what it sounds like.

    Parameters
    ----------
    path : Path
        The clip.
    filename, video_location : str
        Its released name, and the part of Moments in Time.
    root : Path
        The tree, which a link must not leave.
    clip_s : float
        How long clips should be.

    Returns
    -------
    ClipAudit
        With a ``reason`` where it cannot be a candidate: ``empty``, ``missing``, ``no_audio``,
        ``no_video``, ``outside_root``, ``silent``, ``unreadable``.

    Notes
    -----
    Paper: Selection of MIT Videos.
    """
    mit_label = filename.partition("/")[0]
    bare = ClipAudit(filename, video_location, mit_label, n_bytes=0)
    if not path.resolve().is_relative_to(root.resolve()):
        return replace(bare, reason="outside_root")
    if path.is_file():
        bare = replace(bare, n_bytes=path.stat().st_size)
    if bare.n_bytes:
        bare = replace(bare, sha256=sha256_of(path))
    try:
        told = probe(path)
        if told.n_audio_streams == 0:
            return _complete(replace(bare, reason="no_audio"), told, None, clip_s)
        seen = inspect(path, hashed_frames=spread(told.n_frames or 1))
    except ClipError as error:
        return replace(bare, reason=error.reason)
    reason = "silent" if seen.peak == 0 else ""
    return _complete(replace(bare, reason=reason), told, seen, clip_s)


def flags_of(told: ClipProbe, seen: Inspection | None, *, clip_s: float = 3.0) -> list[str]:
    """Return what a curator should know of a clip, though it does not bar it.

    Parameters
    ----------
    told : ClipProbe
        What the container says.
    seen : Inspection or None
        What decoding found.
    clip_s : float
        How long clips should be.

    Returns
    -------
    list of str
        Of ``near_silent``, ``vfr``, ``av_offset``, ``two_video_streams``, ``odd_duration``.
    """
    found = {
        "near_silent": seen is not None and 0 < seen.peak < NEAR_SILENT_PEAK,
        "vfr": told.is_vfr,
        "av_offset": abs(told.av_start_offset_s) > NOTICED_OFFSET_S,
        "two_video_streams": told.n_video_streams > 1,
        "odd_duration": abs(told.duration_s - clip_s) > _ODD_DURATION_S,
    }
    return [flag for flag, is_so in found.items() if is_so]


def _complete(
    bare: ClipAudit, told: ClipProbe, seen: Inspection | None, clip_s: float
) -> ClipAudit:
    return replace(
        bare,
        flags=",".join(flags_of(told, seen, clip_s=clip_s)),
        duration_s=told.duration_s,
        frame_rate_hz=told.frame_rate_hz,
        nominal_frame_rate_hz=told.nominal_frame_rate_hz,
        is_vfr=told.is_vfr,
        width_px=told.width_px,
        height_px=told.height_px,
        rotation_deg=told.rotation_deg,
        pixel_aspect=told.pixel_aspect,
        n_video_streams=told.n_video_streams,
        n_audio_streams=told.n_audio_streams,
        sample_rate_hz=told.sample_rate_hz,
        n_channels=told.n_channels,
        av_start_offset_s=told.av_start_offset_s,
        n_frames=told.n_frames if seen is None else seen.n_frames,
        peak=None if seen is None else seen.peak,
        loudness_lufs=None if seen is None else seen.loudness_lufs,
        frame_hash="" if seen is None else seen.frame_hash,
        sound_hash="" if seen is None else seen.sound_hash,
    )
