"""Ask a host's sites from here, as a visitor would: the proof that no look from inside can give.

Judges that an answer comes and which, not who signed the certificate: that is another check's, and stop-gaps serve too.
"""

import http.client
import socket
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import urlsplit

BAD = 500
LIMIT_SECONDS = 10
POLL_SECONDS = 1.0
Answers = Mapping[str, int]  # URL -> status; 0 where nobody answered


def ask(address: str, urls: Sequence[str]) -> Answers:
    """Ask each URL at a host's own address."""
    return {url: status(address, url) for url in urls}


def status(address: str, url: str) -> int:
    """Return the status a host answers to a URL with, 0 where no answer comes."""
    parts = urlsplit(url)
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    request = f"GET {parts.path or '/'} HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: close\r\n\r\n"
    try:
        with (
            socket.create_connection((address, parts.port or 443), LIMIT_SECONDS) as link,
            context.wrap_socket(link, server_hostname=parts.hostname) as tls,
        ):
            tls.sendall(request.encode())
            answer = http.client.HTTPResponse(tls)
            answer.begin()
            return answer.status
    except (OSError, http.client.HTTPException):
        return 0


def worse(before: Answers, now: Answers) -> list[str]:
    """Return the URLs that answered well and do not any more."""
    return sorted(url for url, status in before.items() if 0 < status < BAD and not 0 < now[url] < BAD)


def wait(ask: Callable[[], Answers], before: Answers, limit_seconds: float) -> list[str]:
    """Return the URLs that are still worse than before when the time is over; none as soon as all are well."""
    deadline = time.monotonic() + limit_seconds
    while (found := worse(before, ask())) and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
    return found
