"""The published lists: curation's own check, and names that have to be in their folder."""

from collections.abc import Iterator

from curation.release.list_check import check
from curation.release.published import read_release
from curation.release.row_faults import Finding
from lab.checking.opened import Opened
from study.errors import StudyError

# A list without its clips' names in Table 1 is no fault of a study with classes of its own.
_OF_A_STUDY = frozenset({"unknown_relabelling", "folder_of_another_class"})


def check_lists(release: Opened) -> Iterator[Finding]:
    """Yield what `curation check-release` says: labels, folders, overlap, source leakage."""
    try:
        lists = read_release(release.folder)
    except StudyError:
        return  # the missing and broken files are told one by one
    yield from (one for one in check(lists) if one.code not in _OF_A_STUDY)
