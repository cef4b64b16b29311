"""What a release says of itself; nothing here changes what a rating means."""

import re
from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

_DOI = re.compile(r"10\.\d{4,9}/\S+")


class Release(BaseModel):
    """Authors, licence and day of publication of the study's release.

    Parameters
    ----------
    version : str
        Of the release, such as ``"1.0.0"``.
    published_on : str or None
        Day of publication, ``YYYY-MM-DD``; None for the last day of the year of the last rating.
    licence : {"CC0-1.0", "CC-BY-4.0", "CC-BY-SA-4.0", "CC-BY-NC-4.0"}
        Its name in the list of SPDX.
    creators : tuple of str
        Each ``"Family, Given"``, or the name of an institution.
    publisher : str
        Who keeps the files.
    description : str
        What the dataset is, in a sentence or two; empty for one that is made from the study.
    keywords : tuple of str
        Words to find it by.
    doi, url, contact : str or None
        Where it can be found, and whom to ask; None where not known yet.
    clips_url : str or None
        Where the clips come from that people saw; None for Moments in Time where clips were rated,
        and for not saying it where they were recognised alone.
    institution, institution_url, institution_address, department : str or None
        Where people rated, as BIDS and RO-Crate ask for it; None to leave it out.
    cognitive_atlas, cogpo : str or None
        Addresses of the task in two vocabularies of tasks that BIDS knows; None where it is in
        neither.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    version: str = Field("1.0.0", pattern=r"^\d+\.\d+\.\d+$")
    published_on: str | None = None
    licence: Literal["CC0-1.0", "CC-BY-4.0", "CC-BY-SA-4.0", "CC-BY-NC-4.0"] = "CC0-1.0"
    creators: tuple[str, ...] = Field((), strict=False)
    publisher: str = "Zenodo"
    description: str = ""
    keywords: tuple[str, ...] = Field(("audiovisual", "actions", "video", "sound"), strict=False)
    doi: str | None = None
    url: str | None = None
    contact: str | None = None
    clips_url: str | None = None
    institution: str | None = None
    institution_url: str | None = None
    institution_address: str | None = None
    department: str | None = None
    cognitive_atlas: str | None = None
    cogpo: str | None = None

    @field_validator("published_on")
    @classmethod
    def _is_a_day(cls, text: str | None) -> str | None:
        if text is None:
            return None
        try:
            found = date.fromisoformat(text)
        except ValueError as error:
            raise ValueError(f"{text!r} is not a date such as 2026-11-30") from error
        return found.isoformat()

    @field_validator("doi")
    @classmethod
    def _is_a_doi(cls, text: str | None) -> str | None:
        if text is not None and not _DOI.fullmatch(text):
            raise ValueError(f"{text!r} is not a DOI such as 10.5281/zenodo.8253350")
        return text

    @field_validator("url", "clips_url", "institution_url", "cognitive_atlas", "cogpo")
    @classmethod
    def _is_an_address(cls, text: str | None) -> str | None:
        if text is not None and not re.fullmatch(r"https?://[^\s/]+\.[^\s/]+(/\S*)?", text):
            raise ValueError(f"{text!r} is not an address such as https://example.org/dataset")
        return text

    @field_validator("creators", "keywords")
    @classmethod
    def _are_lines(cls, texts: tuple[str, ...]) -> tuple[str, ...]:
        for text in texts:
            if not text.strip() or len(text.splitlines()) != 1:
                raise ValueError(f"{text!r} is not one line of text")
        return texts
