"""The next clips, decoded in the background; only those that were requested."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from study.clips.display import PlayableClip
from study.vocabulary import Stimulus

Decode = Callable[[Stimulus], PlayableClip]


class Prefetcher:
    """Decode clips before their turn.

    Parameters
    ----------
    decode : callable
        Decodes one clip; a `ClipError` of it comes out of `get`.
    """

    def __init__(self, decode: Decode) -> None:
        self._decode = decode
        # One worker: the other core belongs to the screen and the sound.
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="decode")
        self._clips: dict[Stimulus, Future[PlayableClip]] = {}

    def prepare(self, stimuli: Sequence[Stimulus]) -> None:
        """Begin to decode these clips, in order, and forget all others."""
        for stimulus in set(self._clips) - set(stimuli):
            self._clips.pop(stimulus).cancel()
        for stimulus in stimuli:
            if stimulus not in self._clips:
                self._clips[stimulus] = self._worker.submit(self._decode, stimulus)

    def is_ready(self, stimulus: Stimulus) -> bool:
        """Return whether a clip is ready."""
        return stimulus in self._clips and self._clips[stimulus].done()

    def get(self, stimulus: Stimulus) -> PlayableClip:
        """Return a clip, waiting for it if it is not ready.

        Raises ClipError if it cannot be decoded, or its file is not the one that was admitted.
        """
        if stimulus not in self._clips:
            self._clips[stimulus] = self._worker.submit(self._decode, stimulus)
        return self._clips[stimulus].result()

    def close(self) -> None:
        """Stop decoding."""
        self._worker.shutdown(wait=True, cancel_futures=True)
