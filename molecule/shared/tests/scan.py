"""Knock at the ports of addresses and print, as JSON, which answered and which refused.

`scan.py ADDRESS[,ADDRESS] [udp] PORT...`; ranges are written FIRST-LAST. Ports in neither list kept silent: over UDP so does a
listener that has nothing to say.
"""

import concurrent.futures
import errno
import json
import resource
import select
import socket
import sys
import time
from collections.abc import Iterator

AT_ONCE = 16000
PATIENCE_SECONDS = 2.0


def ports(words: list[str]) -> Iterator[int]:
    """Return the ports that words name."""
    for word in words:
        first, _, last = word.partition("-")
        yield from range(int(first), int(last or first) + 1)


def knock(address: str, port: int, kind: socket.SocketKind) -> tuple[socket.socket, int]:
    """Start to connect, over UDP send a word; the number tells how far it came at once."""
    link = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, kind)
    link.setblocking(False)  # noqa: FBT003 - the library's own order
    code = link.connect_ex((address, port))
    if kind is socket.SOCK_DGRAM:
        link.send(b"who is there?")
        return link, errno.EINPROGRESS
    return link, code


def batch(address: str, wanted: list[int], kind: socket.SocketKind) -> dict[int, int]:
    """Return the outcome (an error number, 0 for a taken connection or an answer) of each port that said anything."""
    outcomes, waiting, poll = {}, {}, select.epoll()
    for port in wanted:
        link, code = knock(address, port, kind)
        if code == errno.EINPROGRESS:
            waiting[link.fileno()] = (link, port)
            poll.register(link, select.EPOLLIN if kind is socket.SOCK_DGRAM else select.EPOLLOUT)
        else:
            outcomes[port] = code
            link.close()
    until = time.monotonic() + PATIENCE_SECONDS
    while waiting and (left := until - time.monotonic()) > 0:
        for number, _ in poll.poll(left):
            link, port = waiting.pop(number)
            outcomes[port] = link.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            link.close()
    for link, _ in waiting.values():
        link.close()
    poll.close()
    return outcomes


def scan(address: str, wanted: list[int], kind: socket.SocketKind) -> dict[str, list[int]]:
    """Return the ports that answered, and those that refused; fail where the network is at fault."""
    outcomes: dict[int, int] = {}
    for start in range(0, len(wanted), AT_ONCE):
        outcomes |= batch(address, wanted[start : start + AT_ONCE], kind)
    odd = {port: errno.errorcode[code] for port, code in outcomes.items() if code not in (0, errno.ECONNREFUSED)}
    if odd:
        sys.exit(f"{address} could not be asked: {odd}")
    return {word: sorted(port for port, code in outcomes.items() if code == of) for word, of in KINDS.items()}


KINDS = {"open": 0, "refused": errno.ECONNREFUSED}
_, most = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, AT_ONCE + 100), most))
udp = sys.argv[2] == "udp"
addresses, wanted_ports = sys.argv[1].split(","), list(ports(sys.argv[3 if udp else 2 :]))
over = socket.SOCK_DGRAM if udp else socket.SOCK_STREAM
with concurrent.futures.ProcessPoolExecutor(len(addresses)) as pool:  # a process each: the limit of open files is a process's
    found = pool.map(scan, addresses, [wanted_ports] * len(addresses), [over] * len(addresses))
    json.dump(dict(zip(addresses, found, strict=True)), sys.stdout)
