"""The proxy that stands for a host far away."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.bench.delay import delayed

TRIP = 0.2


@contextmanager
def echo() -> Iterator[int]:
    """Give the port of a server that says everything back, until the other side has said all."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                while piece := connection.recv(65536):
                    connection.sendall(piece)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield int(server.getsockname()[1])
        thread.join(5)


def test_an_answer_takes_a_round_trip_and_a_long_one_no_longer() -> None:
    with echo() as port, delayed(("127.0.0.1", port), TRIP) as far, socket.create_connection(("127.0.0.1", far)) as line:
        began = time.monotonic()
        line.sendall(b"hello")
        assert line.recv(100) == b"hello"
        assert TRIP <= time.monotonic() - began < 3 * TRIP
        text, heard = bytes(range(256)) * 4000, b""
        began = time.monotonic()
        threading.Thread(target=line.sendall, args=(text,)).start()
        while len(heard) < len(text):
            heard += line.recv(65536)
        assert heard == text
        assert TRIP <= time.monotonic() - began < 6 * TRIP


def test_the_end_of_one_side_reaches_the_other() -> None:
    with echo() as port, delayed(("127.0.0.1", port), TRIP) as far, socket.create_connection(("127.0.0.1", far)) as line:
        line.sendall(b"last words")
        line.shutdown(socket.SHUT_WR)
        heard = b""
        while piece := line.recv(100):
            heard += piece
        assert heard == b"last words"
