"""Clips with bursts of noise that tell how late each is heard, and gaps in their sound."""

from fractions import Fraction

import av
import numpy as np

RATE_HZ = 48_000
EVERY_S, BURST_S = 0.25, 0.06
CODEC_RATES_HZ = {"libmp3lame": 44_100}
_FARTHEST_S = 0.65


def sound_with_bursts(duration_s, rate_hz, n_channels=2, seed=1):
    """Return noise bursts, each another one, every quarter of a second."""
    rng = np.random.default_rng(seed)
    sound = np.zeros((round(duration_s * rate_hz), n_channels), np.float32)
    n = round(BURST_S * rate_hz)
    shape = np.convolve(np.ones(n), np.hanning(48), mode="same")[:, None] / np.hanning(48).sum()
    for first in range(round(EVERY_S * rate_hz), len(sound) - n, round(EVERY_S * rate_hz)):
        noise = rng.normal(0, 0.2, (n, 1))
        noise = np.apply_along_axis(np.convolve, 0, noise, np.ones(4) / 2, mode="same")
        sound[first : first + n] += (noise * shape).astype(np.float32)
    return sound


def write_bursts(path, codec, *, gaps_s=(), duration_s=3.0, n_channels=2, shift_s=0.0):
    """Write a clip whose packets of sound within the gaps are lost; return where they were."""
    rate_hz = CODEC_RATES_HZ.get(codec, RATE_HZ)
    sound = sound_with_bursts(duration_s, rate_hz, n_channels)
    lost = []
    with av.open(str(path), "w") as container:
        video = container.add_stream("mpeg4", rate=25)
        video.width, video.height, video.pix_fmt = 64, 64, "yuv420p"
        layout = {1: "mono", 2: "stereo", 6: "5.1"}[n_channels]
        audio = container.add_stream(codec, rate=rate_hz, layout=layout)
        for index in range(round(25 * duration_s)):
            picture = av.VideoFrame(64, 64, "yuv420p")
            picture.pts, picture.time_base = index, Fraction(1, 25)
            container.mux(video.encode(picture))
        container.mux(video.encode(None))
        for packet in _packets(audio, sound, rate_hz, layout):
            begin_s = float(packet.pts * packet.time_base)
            end_s = begin_s + float((packet.duration or 0) * packet.time_base)
            if any(begin_s >= first and begin_s < last for first, last in gaps_s):
                lost.append((begin_s, end_s))
                continue
            packet.pts += round(shift_s / packet.time_base)
            packet.dts = packet.pts
            container.mux(packet)
    return lost


def _packets(audio, sound, rate_hz, layout):
    step = rate_hz // 100
    resampler = av.AudioResampler(format=audio.codec_context.format, layout=layout, rate=rate_hz)
    frames = []
    for first in range(0, len(sound), step):
        part = np.ascontiguousarray(sound[first : first + step]).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(part, format="flt", layout=layout)
        frame.sample_rate, frame.pts, frame.time_base = rate_hz, first, Fraction(1, rate_hz)
        frames += resampler.resample(frame)
    for frame in [*frames, *resampler.resample(None), None]:
        yield from audio.encode(frame)


def shifts_s(heard, whole, lost):
    """Return how much later each whole burst is heard than in the whole clip."""
    found = []
    n = round(BURST_S * RATE_HZ)
    reach = round(_FARTHEST_S * RATE_HZ)
    padded = np.pad(heard[:, 0], (reach, reach + n))
    for first in range(round(EVERY_S * RATE_HZ), len(whole) - 2 * n, round(EVERY_S * RATE_HZ)):
        begin_s, end_s = first / RATE_HZ, (first + n) / RATE_HZ
        if any(begin_s < last + 0.06 and end_s > begin - 0.06 for begin, last in lost):
            continue
        burst = whole[first : first + n, 0]
        if first + 2 * reach + n > len(padded):
            continue
        around = padded[first : first + 2 * reach + n]
        match = np.correlate(around, burst, mode="valid")
        found.append((int(np.argmax(match)) - reach) / RATE_HZ)
    return found
