import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor

import pytest

from curation.clips import batches
from study.errors import StudyError


def test_no_item_is_blamed_where_processes_cannot_start(monkeypatch):
    def new_pool(n_processes):
        context = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(1, context, initializer=sys.exit)

    monkeypatch.setattr(batches, "_new_pool", new_pool)
    found = batches.in_batches(abs, [-1, -2], if_it_kills=str)
    with pytest.raises(StudyError, match="die before they have one"):
        list(found)
