"""The stage with a PsychoPy window: draws one frame per poll, decides nothing."""

import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from annotator.recognition.question import Question
from annotator.rig.lead import SafeLead
from annotator.simulated.key_presses import SimulatedKeys
from annotator.task.layout import task_layout
from annotator.task.page import Page
from annotator.task.trial import (
    Event,
    KeyPressed,
    LeaveAsked,
    LeaveOrdered,
    PageEnded,
    PlaybackBegan,
    PlaybackDisturbed,
    PlaybackFailed,
    SoundLost,
    WarningBegan,
    WarningEnded,
)
from annotator.window.choices import Choices
from annotator.window.drawing import Drawing
from annotator.window.keys.keyboard import Keyboard
from annotator.window.moment import Moment
from annotator.window.player import Player
from annotator.window.prefetch import Prefetcher
from annotator.window.sound.headset import Headset
from annotator.window.sound.paths import rig_clock
from annotator.window.window import TaskWindow
from study.clips.display import PlayableClip, decode_for_display
from study.config.keys import ESCAPE_KEY
from study.config.screen import Screen
from study.config.sizes import degrees_of, sizes_on
from study.errors import ClipError, StageError
from study.vocabulary import Presentation, Stimulus

NO_NOTICES: Mapping[str, str] = {}
# A thread that decodes hands over to the one that draws within a small part of a refresh.
SWITCH_INTERVAL_S = 0.001


def _no_counter(_total_pence: int | None) -> str:
    return ""


class _View(StrEnum):
    PAGE = "page"
    LOADING = "loading"
    PLAYING = "task"
    WARNING = "warning"
    WAITING = "prompt"
    FIXATING = "fixation"
    ASKING = "question"


_PROMPTS = (_View.WAITING, _View.ASKING)


class PsychopyStage:
    """Screen, headphones and keyboard through PsychoPy and Psychtoolbox.

    Parameters
    ----------
    screen : Screen
        Colours, sizes and the sound path.
    warning_s : float
        How long the warning stands.
    warning, reminder, slip_reminder : str
        What the warning and the reminder of the keys say, as Markdown; the last one where the
        rating before may be flagged as a slip, empty where no key does so.
    notices : mapping of str to str
        What acknowledges a key that flags something, by the names of the texts.
    counter : callable
        Returns what the bonus counter says; empty where there is none.
    keys : SimulatedKeys or None
        Presses of a simulated person; None for a person at the keyboard.
    hurry : bool
        Do not wait for clips and warnings to end, nor play sound: for tests of the logic.
    screenshots : Path or None
        Folder for a picture of every screen.
    whose : str
        The participant's id; stands in each of these pictures.
    moment : Moment or None
        The words that stand on the screen until the window is there.
    lead : SafeLead or None
        How long before its start a sound is scheduled, if it was measured for this machine.

    Raises
    ------
    StageError
        If there is no display or no sound device.
    """

    def __init__(
        self,
        screen: Screen,
        *,
        warning_s: float,
        warning: str,
        reminder: str,
        slip_reminder: str = "",
        notices: Mapping[str, str] = NO_NOTICES,
        counter: Callable[[int | None], str] = _no_counter,
        keys: SimulatedKeys | None = None,
        hurry: bool = False,
        screenshots: Path | None = None,
        whose: str = "",
        moment: Moment | None = None,
        lead: SafeLead | None = None,
    ) -> None:
        sys.setswitchinterval(SWITCH_INTERVAL_S)
        self._window = TaskWindow(screen, paced=not hurry, moment=moment)
        self._note = self._window.note
        self._rig_clock = rig_clock()
        self._headset = Headset(screen.audio_path, screen.sample_rate_hz)
        self._keyboard = Keyboard()
        monitor_px = self._window.monitor_width_px
        self._layout = task_layout(screen, *self._window.size_px, monitor_px)
        self._drawing = Drawing(self._window.win, self._layout, screen)
        self._choices = Choices(self._window.win, self._layout, screen, lambda: self.now_s)
        self._cross_place = self._layout.clip_box
        self._question_name = ""
        self._drawing.set_reminder(reminder, slip_reminder)
        self._drawing.set_warning(warning)
        self._drawing.set_notices(notices)
        self._counter = counter
        # What is larger on the screen is enlarged there: frames in memory are no larger than those
        # that admission has counted.
        box_px = (
            min(self._layout.clip_box.width, screen.max_clip_width_px),
            min(self._layout.clip_box.height, screen.max_clip_height_px),
        )
        self._prefetcher = Prefetcher(
            lambda stimulus: decode_for_display(
                stimulus.path,
                box_px=box_px,
                sample_rate_hz=screen.sample_rate_hz,
                sha256=stimulus.sha256,
                scale=self._layout.clip_scale,
            )
        )
        self._next: list[Stimulus] = []  # to be decoded when the clip at hand has begun
        self._first: Stimulus | None = None  # to be drawn once before its trial
        self._warning_s = warning_s
        self._keys, self._hurry = keys, hurry
        if screenshots is not None:
            self._window.take_screenshots(screenshots, whose)
        self._view = _View.LOADING
        self._screen, self._monitor_px = screen, monitor_px
        self._notice = ""  # the name of what is acknowledged at present
        self._is_prompted = False  # whether the reminder of the keys stands on the screen
        self._offers_slip = False  # whether it has the key that flags the rating before
        self._stimulus: Stimulus | None = None
        self._page_name = self._small_print = ""
        self._page_until_s: float | None = None
        self._warning_until_s: float | None = None
        self._events: list[Event] = []
        self._leave_ordered = False
        self._start_s: float = self._rig_clock()
        measured = lead is not None and lead.holds_for(self._headset.facts())
        self._lead_s = lead.lead_s if lead is not None and measured else screen.audio_lead_s
        self._player = Player(
            self._window,
            self._headset,
            self._layout,
            clock=self._rig_clock,
            lead_s=self._lead_s,
            safe_lead_s=screen.audio_lead_s,
            start_s=self._start_s,
            hurry=hurry,
        )

    @property
    def now_s(self) -> float:
        """Seconds on the session clock."""
        return self._rig_clock() - self._start_s

    def facts(self) -> dict[str, Any]:
        """Return what is known of screen and sound, ready for JSON."""
        asked = sizes_on(self._screen, self._window.size_px[1], self._monitor_px)
        return {
            "screen": self._window.facts() | {"asked": asked.as_json()},
            "sound": self._headset.facts() | {"lead_s": self._lead_s},
            # Where the session clock stands at 0, so that recordings can be compared.
            "clock_start_s": self._start_s,
        }

    def order_leave(self) -> None:
        """Leave at the next poll, without asking; may be called by a signal handler."""
        self._leave_ordered = True

    def prepare(self, stimuli: Sequence[Stimulus]) -> None:
        """Decode the next clips in the background, but not while the present one begins."""
        self._next = list(stimuli)
        if self._stimulus is None:
            self._first = next(iter(stimuli), None)
        if not stimuli or not self._prefetcher.is_ready(stimuli[0]):
            self._decode_next()

    def play(self, stimulus: Stimulus, asked_s: float | None = None) -> None:
        """Show the label and play the clip from its beginning."""
        self._stop_playing()
        self._view = _View.LOADING
        self._is_prompted = False
        self._notice = ""
        if stimulus != self._stimulus:
            self._player.allow_restarts()
        self._stimulus = stimulus
        what = f"candidate {stimulus.candidate_id}"
        if stimulus.stimulus_id is not None:
            what = f"stimulus {stimulus.stimulus_id}"
        self._note(f"play: {what}, at {self.now_s:.4f} session clock")
        try:
            clip = self._prefetcher.get(stimulus)
        except ClipError as error:
            self._note(f"cannot be shown: {error}")
            self._events.append(PlaybackFailed(self.now_s, error.reason))
            return
        # What is drawn for the first time takes longer: not at the flip of the first frame.
        self._draw_beginning(stimulus, clip)
        try:
            self._player.start(clip, asked_s)
        except StageError as error:
            self._lose_sound(str(error))

    def warn(self) -> None:
        """Stop the clip and fill the screen with the warning."""
        self._stop_playing()
        self._view = _View.WARNING
        self._warning_until_s = None  # it counts from its first flip

    def prompt(self, *, offers_slip: bool = False) -> None:
        """Show the keys and wait."""
        self._stop_playing()
        self._offers_slip = offers_slip
        self._view = _View.WAITING
        self._is_prompted = False
        if self._keys is not None and self._stimulus is not None:
            self._keys.on_prompt(self._stimulus, self.now_s)

    def fixate(self, stimulus: Stimulus, lasts_s: float) -> None:
        """Show a cross where the clip will stand, once the clip is ready."""
        self._stop_playing()
        self._is_prompted = False
        self._stimulus = stimulus
        self._player.allow_restarts()
        try:
            clip = self._prefetcher.get(stimulus)
        except ClipError as error:
            self._note(f"cannot be shown: {error}")
            self._events.append(PlaybackFailed(self.now_s, error.reason))
            return
        self._draw_beginning(stimulus, clip)
        self._cross_place = self._layout.clip(clip.width_px, clip.height_px, clip.scale)
        self._view = _View.FIXATING
        self._page_until_s = self.now_s + (0.0 if self._hurry else lasts_s)

    def ask(self, question: Question) -> None:
        """Stop the clip, show a question with its tiles and wait."""
        self._stop_playing()
        self._view, self._question_name = _View.ASKING, question.name
        self._is_prompted = False
        self._choices.set(question)
        self._choices.show(is_shown=True)
        if self._keys is not None and self._stimulus is not None:
            self._keys.on_question(self._stimulus, question, self.now_s)

    def show_typed(self, typed: str) -> None:
        """Show which digits of an answer are typed so far."""
        self._choices.set_typed(typed)
        self._is_prompted = False  # it is to be drawn

    def show_page(self, page: Page) -> None:
        """Stop the clip and show a page."""
        self._stop_playing()
        self._is_prompted = False
        self._decode_next()
        self._drawing.set_page(page.text, page.small_print)
        self._view, self._page_name, self._small_print = _View.PAGE, page.name, page.small_print
        self._note(f"page: {page.name}")
        if page.small_print:
            self._note(f"small print: {page.small_print}")
        self._keyboard.forget()
        if page.sound is not None:
            try:
                self._player.start_sound(page.sound)
            except StageError as error:
                self._lose_sound(str(error))
        self._page_until_s = self._end_of(page)
        if self._keys is not None:
            self._keys.on_page(page, self.now_s)

    def change_page(self, text: str) -> None:
        """Change what the page says that is shown."""
        self._drawing.set_page(text, self._small_print)

    def notice(self, name: str) -> None:
        """Acknowledge a key until the clip is played again or the next one comes."""
        self._notice = name
        self._is_prompted = False  # it is to be drawn

    def set_gain_db(self, gain_db: float) -> None:
        """Set how loud all that follows is."""
        self._headset.set_gain_db(gain_db)

    def show_bonus(self, total_pence: int | None) -> None:
        """Set the bonus counter."""
        self._drawing.set_bonus(self._counter(total_pence))

    def poll(self) -> Sequence[Event]:
        """Draw one frame, and return what has happened since, in the order of time."""
        if self._view is _View.PAGE:
            self._draw_first_once()
        frame = self._draw()
        # Nothing moves while a key is waited for: it is acted upon before the next flip.
        if self._is_prompted and self._window.idle(self._take_keys):
            self._window.discard()
            return self._taken_events()
        shown_s = self._window.flip() - self._start_s
        self._is_prompted = self._view in _PROMPTS
        for event in self._player.flipped(shown_s, frame):
            self._note_playing(event)
        if self._view is _View.WARNING:
            self._note_warning(shown_s)
        if self._page_until_s is not None and shown_s >= self._page_until_s:
            self._page_until_s = None
            self._events.append(PageEnded(shown_s))
        self._take_keys()
        return self._taken_events()

    def take_presentations(self) -> tuple[Presentation, ...]:
        """Return the evidence of what was played since the last call."""
        self._stop_playing()
        return tuple(map(self._seen, self._player.take_presentations()))

    def close(self) -> None:
        """Release screen, headphones and keyboard."""
        self._prefetcher.close()
        self._keyboard.close()
        self._headset.close()
        self._window.close()

    def _seen(self, shown: Presentation) -> Presentation:
        """Add how large a presentation was for the eye."""
        width, height = (
            degrees_of(size_px, self._screen, self._monitor_px)
            for size_px in (shown.width_px, shown.height_px)
        )
        return replace(shown, width_deg=width, height_deg=height)

    def _taken_events(self) -> list[Event]:
        events, self._events = sorted(self._events, key=lambda e: e.t_s), []
        return events

    def _decode_next(self) -> None:
        if self._next:
            self._prefetcher.prepare(self._next)
            self._next = []

    def _draw_first_once(self) -> None:
        # What is drawn for the first time takes longer: while a page is read, nobody waits for it.
        first = self._first
        if first is None or not self._prefetcher.is_ready(first):
            return
        self._first = None
        with suppress(ClipError):
            self._draw_beginning(first, self._prefetcher.get(first))

    def _draw_beginning(self, stimulus: Stimulus, clip: PlayableClip) -> None:
        self._drawing.set_label(stimulus.label)
        self._drawing.draw_label()
        self._player.show_first(clip)
        self._window.discard()

    def _draw(self) -> int | None:
        drawing, frame = self._drawing, None
        match self._view:
            case _View.PAGE:
                drawing.draw_page()
                drawing.draw_bonus()
            case _View.WARNING:
                drawing.draw_warning()
            case _View.FIXATING:
                self._choices.draw_cross(self._cross_place)
                drawing.draw_bonus()
            case _View.ASKING:
                self._choices.draw()
                drawing.draw_bonus()
            case _View.WAITING:
                drawing.draw_label()
                drawing.draw_reminder(offers_slip=self._offers_slip)
                drawing.draw_bonus()
                drawing.draw_notice(self._notice)
            case _:
                frame = self._player.draw()
                if frame is not None:
                    drawing.draw_label()
                drawing.draw_bonus()
                drawing.draw_notice(self._notice)
        self._take_screenshot()
        return frame

    def _end_of(self, page: Page) -> float | None:
        if page.lasts_s is None or (self._hurry and page.answer is not None):
            return None
        return self.now_s + (0.0 if self._hurry else page.lasts_s)

    def _lose_sound(self, problem: str) -> None:
        self._note(f"no sound: {problem}")
        self._events.append(SoundLost(self.now_s, problem))

    def _note_playing(self, event: Event) -> None:
        match event:
            case PlaybackBegan(t_s=t_s):
                self._view = _View.PLAYING
                self._decode_next()
                if self._keys is not None and self._stimulus is not None:
                    self._keys.on_onset(self._stimulus, t_s)
            case SoundLost(problem=problem):
                self._note(f"no sound: {problem}")
                self._forget_keys()
            case PlaybackDisturbed():
                self._forget_keys()
        self._events.append(event)

    def _note_warning(self, shown_s: float) -> None:
        if self._warning_until_s is None:
            self._warning_until_s = shown_s + (0.0 if self._hurry else self._warning_s)
            self._events.append(WarningBegan(shown_s))
        if shown_s >= self._warning_until_s:
            self._events.append(WarningEnded(shown_s))

    def _stop_playing(self) -> None:
        self._forget_keys()
        self._page_until_s = None
        self._choices.show(is_shown=False)
        self._player.stop(self.now_s)

    def _forget_keys(self) -> None:
        if self._keys is not None:
            self._keys.forget()

    def _take_keys(self) -> bool:
        """Handle what was pressed; return whether anything was pressed."""
        if self._keys is not None:
            due = self._keys.take_due(self.now_s)
            if due is not None:
                self._keyboard.press(*due, self._start_s)
        for press in self._keyboard.take_presses(self._start_s):
            is_escape = press.key == ESCAPE_KEY
            self._events.append(
                LeaveAsked(press.t_s) if is_escape else KeyPressed(press.key, press.t_s)
            )
        self._events += self._choices.take_clicks()
        if self._window.close_asked:
            self._window.close_asked = False
            self._events.append(LeaveAsked(self.now_s, key=None))
        if self._leave_ordered:
            self._events.append(LeaveOrdered(self.now_s))
        return bool(self._events)

    def _take_screenshot(self) -> None:
        # The middle of the clip is what a reader wants to see.
        if self._view is _View.LOADING or (
            self._view is _View.PLAYING and not self._player.is_in_middle
        ):
            return
        own = {
            _View.PAGE: self._page_name,
            _View.ASKING: self._question_name,
            _View.WAITING: self._notice or str(_View.WAITING),
        }
        with suppress(OSError):
            self._window.screenshot(own.get(self._view, str(self._view)))
