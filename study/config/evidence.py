"""What becomes of ratings whose evidence speaks against them."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

Verdict = Literal["keep", "leave_out"]


class EvidenceRules(BaseModel):
    """Which ratings leave the store when the playing that was rated was not as it should be.

    Ratings that are kept are counted all the same. A new study leaves them out; the default is
    what studies did that were frozen before there were these keys.

    Parameters
    ----------
    sound_gaps : {"keep", "leave_out"}
        The sound driver reported a gap.
    sound_out_of_step : {"keep", "leave_out"}
        The sound began 45 ms or more before the picture or 125 ms or more after it, which half of
        all people notice, or nothing is known of its beginning.
    frames_missing : {"keep", "leave_out"}
        A tenth or more of the frames that the screen could have shown was not shown.
    wrong_size : {"keep", "leave_out"}
        The clip stood on the screen in another size than the study asks for, as on a screen that is
        too small for it.
    slip : {"keep", "leave_out"}
        The participant said that another key was meant.
    mis_key : {"keep", "leave_out"}
        The experimenter saw that another key was meant.
    trial_disturbed : {"keep", "leave_out"}
        The experimenter saw that the participant was disturbed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    sound_gaps: Verdict = "keep"
    sound_out_of_step: Verdict = "keep"
    frames_missing: Verdict = "keep"
    wrong_size: Verdict = "keep"
    slip: Verdict = "keep"
    mis_key: Verdict = "keep"
    trial_disturbed: Verdict = "keep"
