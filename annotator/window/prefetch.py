"""The next clips, decoded in the background; no more of them than were asked for."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from study.clips.display import DecodedClip

Decode = Callable[[Path], DecodedClip]


class Prefetcher:
    """Decode clips before their turn.

    Parameters
    ----------
    decode : callable
        Decodes one file; a `ClipError` of it comes out of `get`.
    """

    def __init__(self, decode: Decode) -> None:
        self._decode = decode
        # One worker: the other core belongs to the screen and the sound.
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="decode")
        self._clips: dict[Path, Future[DecodedClip]] = {}

    def prepare(self, paths: Sequence[Path]) -> None:
        """Begin to decode these clips, in order, and forget all others.

        Parameters
        ----------
        paths : sequence of Path
            The present clip and the next ones.
        """
        for path in set(self._clips) - set(paths):
            self._clips.pop(path).cancel()
        for path in paths:
            if path not in self._clips:
                self._clips[path] = self._worker.submit(self._decode, path)

    def is_ready(self, path: Path) -> bool:
        """Return whether a clip can be had without waiting."""
        return path in self._clips and self._clips[path].done()

    def get(self, path: Path) -> DecodedClip:
        """Return a clip, waiting for it if it is not ready.

        Parameters
        ----------
        path : Path
            The file.

        Returns
        -------
        DecodedClip
            The clip.

        Raises
        ------
        ClipError
            If it cannot be decoded.
        """
        if path not in self._clips:
            self._clips[path] = self._worker.submit(self._decode, path)
        return self._clips[path].result()

    def close(self) -> None:
        """Stop decoding."""
        self._worker.shutdown(wait=True, cancel_futures=True)
