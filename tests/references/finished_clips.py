"""Finished stimuli as another reader finds them: the ffmpeg of the system, and plain sums."""

import subprocess

import numpy as np

RATE_HZ = 48_000
LOW_HZ, HIGH_HZ = 50, 15_000


def sound_of(path):
    """Return the sound of a file at 48 kHz, two channels, from the time 0 of its clock."""
    command = [
        "ffmpeg", "-v", "error", "-i", str(path), "-map", "0:a:0", "-af",
        "aresample=async=1:first_pts=0", "-ac", "2", "-ar", str(RATE_HZ), "-f", "f32le", "-",
    ]  # fmt: skip
    content = subprocess.run(command, capture_output=True, check=True).stdout
    return np.frombuffer(content, np.float32).reshape(-1, 2)


def picture_times_of(path):
    """Return when the pictures of a file are shown, on its clock."""
    command = [
        "ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries", "frame=pts_time",
        "-of", "csv=p=0", str(path),
    ]  # fmt: skip
    lines = subprocess.run(command, capture_output=True, check=True, text=True).stdout.split()
    return np.array([float(line.strip(",")) for line in lines])


def in_band(samples):
    """Leave 50 Hz to 15 kHz of a sound."""
    spectrum = np.fft.rfft(samples, axis=0)
    hertz = np.fft.rfftfreq(len(samples), 1 / RATE_HZ)
    spectrum[(hertz < LOW_HZ) | (hertz > HIGH_HZ)] = 0
    return np.fft.irfft(spectrum, len(samples), axis=0)


def snr_db(finished, sound):
    """Return the ratio of what is like a sound to all the rest."""
    n_both = min(len(finished), len(sound))
    found, known = in_band(finished[:n_both]).ravel(), in_band(sound[:n_both]).ravel()
    share = found @ known / (known @ known)
    rest = found - share * known
    return 10 * np.log10(share**2 * (known @ known) / (rest @ rest))


def lag_near(finished, sound, expected, reach=8):
    """Return by how many samples a sound is late in a file, tried out one by one."""
    tried = range(expected - reach, expected + reach + 1)
    return max(tried, key=lambda lag: _likeness(finished, sound, lag))


def _likeness(finished, sound, lag):
    late, early = finished[max(lag, 0) :], sound[max(-lag, 0) :]
    n_both = min(len(late), len(early))
    return float((late[:n_both].astype(np.float64) * early[:n_both]).sum())
