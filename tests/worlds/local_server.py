"""A local page served in a thread, for tests."""

import threading
from contextlib import contextmanager

from study.reports.web import server
from tests.worlds.machine import PATIENCE_S, wait_until


@contextmanager
def running(app, listener):
    """Serve an application until the block ends."""
    instance = server(app)
    thread = threading.Thread(target=instance.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    wait_until(lambda: instance.started or not thread.is_alive(), "the server has started")
    try:
        yield
    finally:
        instance.should_exit = True
        thread.join(timeout=PATIENCE_S)
        listener.close()
    assert not thread.is_alive()
    assert not instance.server_state.connections
