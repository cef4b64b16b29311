"""Connections of a local page: none that a stranger can keep open, or crowd the others out with.

uvicorn ends a connection that is idle between two requests and bounds the size of a request's
head; it waits without end for the rest of a head or a body that has begun, and for a reader that
does not read. Starlette bounds the size of a body and has no clock. So the clock is here.
"""

import asyncio
import socket
from typing import cast

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

REQUEST_S = 10.0  # from the first byte of a request to its last, and from opening to the first
READ_S = 60.0  # a browser that holds a film back asks for the rest of it again
MAX_CONNECTIONS = 128  # a browser opens six to a server
MAX_HEAD_BYTES = 2**14


class BoundedConnection(H11Protocol):
    """A connection on which every request and every answer has to come to an end."""

    _sending: asyncio.TimerHandle | None = None
    _reading: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Make room if need be, and start the clock of the first request."""
        super().connection_made(transport)
        self._opened_s = self.loop.time()
        if len(self.connections) > MAX_CONNECTIONS:
            cast(BoundedConnection, max(self.connections, key=_is_worth_least)).transport.abort()
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clocks."""
        self._stop_sending()
        self._stop_reading()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what came, and look whether the request is whole."""
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        """Take the next request, which has its own clock."""
        super().on_response_complete()
        self._watch()

    def pause_writing(self) -> None:
        """Give the reader a time to read what was sent."""
        super().pause_writing()
        self._reading = self.loop.call_later(READ_S, self.transport.abort)

    def resume_writing(self) -> None:
        """Stop the reader's clock."""
        self._stop_reading()
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is not a request, unless an answer to it is under way already."""
        if self.conn.our_state is h11.IDLE:
            super().send_400_response(msg)
        else:
            self.transport.abort()

    def shutdown(self) -> None:
        """End, at once where the other side would have to go on."""
        if self.is_kept_waiting:
            self.transport.abort()
        else:
            super().shutdown()

    @property
    def is_kept_waiting(self) -> bool:
        """Whether the other side has to go on: with a request, or with reading."""
        return self._sending is not None or self._reading is not None

    @property
    def open_s(self) -> float:
        """Seconds since it was opened."""
        return self.loop.time() - self._opened_s

    def _watch(self) -> None:
        if self.conn.their_state not in (h11.IDLE, h11.SEND_BODY):
            self._stop_sending()
        elif self._sending is None:
            self._sending = self.loop.call_later(REQUEST_S, self.transport.abort)

    def _stop_sending(self) -> None:
        if self._sending is not None:
            self._sending.cancel()
        self._sending = None

    def _stop_reading(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
        self._reading = None


def _is_worth_least(connection: object) -> tuple[bool, float]:
    known = cast(BoundedConnection, connection)
    return known.is_kept_waiting, known.open_s


class BoundedServer(uvicorn.Server):
    """A server that leaves no connection open when it ends.

    One that was opened while the others were told to end is told nothing by uvicorn, and a browser
    that sends its next request there would wait for an answer without end.
    """

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let the answers that are under way end, then close what is open still."""
        await super().shutdown(sockets)
        for connection in list(self.server_state.connections):
            cast(BoundedConnection, connection).transport.abort()
        await asyncio.sleep(0)  # the transports close in the loop's next turn
