"""What is not a clip is not opened as one, names nothing that is opened, and costs little."""

import socket
import struct
import subprocess
from pathlib import Path

import pytest

from curation.clips.survey import what_sounds
from features.inputs.frames import choose_frames, shrink
from study.clips import containers, showing
from study.clips.containers import container_of, open_clip
from study.clips.contents import Display, inspect
from study.clips.display import decode_for_display
from study.clips.probe import probe
from study.clips.sampling import decode_for_extraction
from study.clips.thumbnails import contact_sheet
from study.clips.wholeness import ends_early
from study.errors import ClipError
from study.rehearsal.odd import make_odd_clip


def _extract(path):
    decode_for_extraction(path, choose=lambda t: choose_frames(t, 480), keep=shrink)


def _show_large(path):
    decode_for_display(path, box_px=(640, 480), sample_rate_hz=48_000)


WAYS = {
    "probe": probe,
    "inspect": inspect,
    "show": lambda path: decode_for_display(path, box_px=(64, 64), sample_rate_hz=48_000),
    "extract": _extract,
    "draw": contact_sheet,
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return make_odd_clip("short", tmp_path_factory.mktemp("clips") / "other.mp4")


@pytest.fixture
def listening():
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0)
        yield server


def _texts(other, port):
    sdp = (
        "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\n"
        f"m=video {port} RTP/AVP 96\na=rtpmap:96 H264/90000\n"
    )
    return {
        "ffconcat": f"ffconcat version 1.0\nfile {other.name}\n",
        "ffconcat with an address": f"ffconcat version 1.0\nfile http://127.0.0.1:{port}/a.mp4\n",
        "sdp": sdp,
        "hls": f"#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\n{other.name}\n#EXT-X-ENDLIST\n",
        "hls with an address": f"#EXTM3U\n#EXTINF:3,\nhttp://127.0.0.1:{port}/a.ts\n",
        "dash": f'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011">{other}</MPD>',
        "ffmetadata": ";FFMETADATA1\ntitle=x\n",
        "subtitles": "1\n00:00:00,000 --> 00:00:01,000\nx\n",
        "rtsp": f"rtsp://127.0.0.1:{port}/",
        "avisynth": f'DirectShowSource("{other}")\n',
        "link": f"file:{other}",
    }


@pytest.mark.parametrize("kind", sorted(_texts(Path("x"), 0)))
def test_a_text_that_names_other_files_or_addresses_is_not_a_clip(tmp_path, whole, listening, kind):
    other = tmp_path / whole.name
    other.write_bytes(whole.read_bytes())
    port = listening.getsockname()[1]
    path = tmp_path / "clip.mp4"
    path.write_text(_texts(other, port)[kind])
    for way in WAYS.values():
        with pytest.raises(ClipError, match="is not a clip: its first bytes") as caught:
            way(path)
        assert caught.value.reason == "unreadable"
        assert len(str(caught.value).splitlines()) == 1
    assert what_sounds(path) == "unreadable"
    with pytest.raises(BlockingIOError):
        listening.accept()


@pytest.mark.parametrize(
    "name",
    ["concat:a|b.mp4", "-i.mp4", "clip%03d.png", "x*.jpg", "http:__x.m3u8", "lavfi:testsrc",
     "a.sdp", "b.txt", "no_ending", "{1,2}.mp4", "pipe:0"],
)  # fmt: skip
def test_the_bytes_of_a_clip_decide_and_not_its_name(tmp_path, whole, name):
    path = tmp_path / name
    path.write_bytes(whole.read_bytes())
    for way in WAYS.values():
        way(path)


def test_an_mp4_whose_sound_lies_in_another_file_is_heard_without_it(tmp_path, whole):
    # Alis references are a container's own way to name another file.
    content = bytearray(whole.read_bytes())
    for place in range(len(content) - 12):
        if content[place : place + 4] == b"url ":
            content[place : place + 4] = b"alis"
            content[place + 4 : place + 8] = struct.pack(">I", 0)
    path = tmp_path / "clip.mp4"
    path.write_bytes(content)
    for way in WAYS.values():
        try:
            way(path)
        except ClipError as error:
            assert len(str(error).splitlines()) == 1  # noqa: PT017


@pytest.mark.parametrize(
    ("ending", "codecs"),
    [
        ("mkv", ["-c:v", "ffv1", "-c:a", "flac"]),
        ("mov", ["-c:v", "mpeg4", "-c:a", "pcm_s16le"]),
        ("avi", ["-c:v", "mpeg4", "-c:a", "mp3"]),
        ("webm", ["-c:v", "libvpx", "-c:a", "libopus"]),
        ("ts", ["-c:v", "mpeg2video", "-c:a", "mp2"]),
        ("mpg", ["-c:v", "mpeg2video", "-c:a", "mp2"]),
        ("flv", ["-c:v", "flv1", "-c:a", "mp3"]),
        ("wmv", ["-c:v", "wmv2", "-c:a", "wmav2"]),
    ],
)
def test_containers_of_ordinary_labs_are_opened_under_any_name(tmp_path, whole, ending, codecs):
    made = tmp_path / f"made.{ending}"
    subprocess.run(["ffmpeg", "-v", "error", "-i", str(whole), *codecs, str(made)], check=True)
    path = tmp_path / "clip.mp4"
    made.rename(path)
    for way in WAYS.values():
        way(path)


NO_CLIPS = (
    *(b"", b"\x00" * 64, b"RIFF\x00\x00\x00\x00WAVE", b"GIF89a", b"fLaC", b"G" * 64, b"OggS"),
    *(b"ID3", b"\xff\xd8\xff", b"\x89PNG", b"NUT", b"FORM\x00\x00\x00\x00AIFF"),
)


@pytest.mark.parametrize("head", NO_CLIPS)
def test_sounds_pictures_and_noise_are_no_clips(head):
    assert container_of(head) is None


def test_a_picture_that_is_too_large_is_refused_before_it_is_decoded(tmp_path):
    path = tmp_path / "large.mkv"
    subprocess.run(
        ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "color=s=12288x12288:r=1:d=1", "-c:v",
         "mjpeg", "-f", "matroska", str(path)], check=True,
    )  # fmt: skip
    for way in WAYS.values():
        with pytest.raises(ClipError, match="12288 x 12288 pixels") as caught:
            way(path)
        assert caught.value.reason == "too_large"


def test_a_file_that_is_too_large_or_none_is_refused_unread(tmp_path, monkeypatch, whole):
    monkeypatch.setattr(containers, "MAX_BYTES", 1000)
    for way in WAYS.values():
        with pytest.raises(ClipError, match="MB and a clip") as caught:
            way(whole)
        assert caught.value.reason == "too_large"
    for way in WAYS.values():
        with pytest.raises(ClipError) as caught:
            way(tmp_path)
        assert caught.value.reason == "missing"


def test_more_frames_or_more_sound_than_a_clip_has_are_refused(monkeypatch, whole):
    monkeypatch.setattr(containers, "MAX_FRAMES", 10)
    for name in ("inspect", "show"):
        with pytest.raises(ClipError, match="is too long") as caught:
            WAYS[name](whole)
        assert caught.value.reason == "too_large"
    monkeypatch.undo()
    monkeypatch.setattr(containers, "MAX_DURATION_S", 0.1)
    for name in ("inspect", "show", "extract"):
        with pytest.raises(ClipError, match="is too long") as caught:
            WAYS[name](whole)
        assert caught.value.reason == "too_large"


def test_a_clip_that_decodes_for_too_long_is_refused(monkeypatch, whole):
    monkeypatch.setattr(containers, "MAX_DECODING_S", -1.0)
    for way in WAYS.values():
        with pytest.raises(ClipError, match="s to decode") as caught:
            way(whole)
        assert caught.value.reason == "too_slow"


def test_a_file_of_empty_boxes_is_looked_at_no_longer_than_others(tmp_path):
    path = tmp_path / "clip.mp4"
    path.write_bytes(
        b"\x00\x00\x00\x08ftyp" + b"\x00\x00\x00\x08free" * 500_000 + b"\x00\x00\x00\xff"
    )
    assert not ends_early(path)
    with pytest.raises(ClipError):
        probe(path)


def test_memory_that_ends_is_a_refusal_and_no_crash(whole):
    with pytest.raises(ClipError, match="more memory") as caught, open_clip(whole):
        raise MemoryError
    assert caught.value.reason == "too_large"


@pytest.mark.parametrize("kind", ["plain", "surround", "vfr", "rotated", "sound_late", "mono"])
def test_what_is_admitted_can_be_shown_and_extracted(tmp_path, kind):
    path = make_odd_clip(kind, tmp_path / "clip.mp4")
    inspect(path, display=Display((64, 64), 48_000))
    WAYS["show"](path)
    WAYS["extract"](path)


_TONE = "0.1*sin(2000*t)"


@pytest.mark.parametrize(
    ("source", "codec"),
    [
        ("|".join([_TONE] * 9), ["pcm_s16le"]),
        ("|".join([_TONE] * 4) + ":c=4.0", ["libopus", "-mapping_family", "2"]),
    ],
    ids=["nine channels", "ambisonic"],
)
def test_sound_that_has_no_mix_is_refused_at_admission_as_it_would_be_when_shown(
    tmp_path, source, codec
):
    path = tmp_path / "clip.mkv"
    subprocess.run(
        ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=s=64x64:d=1", "-f", "lavfi", "-i",
         f"aevalsrc={source}:d=1", "-c:v", "mpeg4", "-c:a", *codec, str(path)], check=True,
    )  # fmt: skip
    told = []
    for way in (lambda p: inspect(p, display=Display((64, 64), 48_000)), WAYS["show"]):
        with pytest.raises(ClipError, match="no mix for two ears") as caught:
            way(path)
        told.append((caught.value.reason, str(caught.value)))
    assert told[0] == told[1]
    assert told[0][0] == "odd_sound"


def test_more_pictures_than_memory_holds_are_refused_at_admission_too(tmp_path, monkeypatch):
    monkeypatch.setattr(showing, "MAX_FRAMES_BYTES", 1_000_000)
    path = make_odd_clip("short", tmp_path / "clip.mp4")
    inspect(path, display=Display((64, 64), 48_000))
    for way in (lambda p: inspect(p, display=Display((640, 480), 48_000)), _show_large):
        with pytest.raises(ClipError, match="too long to be shown") as caught:
            way(path)
        assert caught.value.reason == "too_large"
