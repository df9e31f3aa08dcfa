"""What the page remembers so as to be quick is never older than what the study says."""

import socket

from coding.page import serve


def test_answers_are_sent_at_once(tmp_path):
    """asyncio switches Nagle's algorithm off only for sockets that say they are TCP; with it, answers wait 40 ms."""
    with serve._listen("127.0.0.1", 0) as listener, socket.create_connection(listener.getsockname()) as visitor:
        accepted, _ = listener.accept()
        with accepted:
            assert visitor.proto == accepted.proto == socket.IPPROTO_TCP
