"""A local page served in a thread, for tests."""

import threading
import time
from contextlib import contextmanager

from study.reports.web import server


@contextmanager
def running(app, listener):
    """Serve an application until the block ends."""
    instance = server(app)
    thread = threading.Thread(target=instance.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    deadline = time.monotonic() + 30
    while not instance.started and thread.is_alive() and time.monotonic() < deadline:
        time.sleep(0.01)
    try:
        yield
    finally:
        instance.should_exit = True
        thread.join(timeout=30)
        listener.close()
    assert not instance.server_state.connections
