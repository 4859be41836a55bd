"""Reach a receiver: one try over HTTP or SMTP with a time limit; what stands in the way becomes a short reason.

No reason names a URL or a password: those of a receiver are secrets.
"""

import http.client
import smtplib
import ssl
import urllib.error
import urllib.request
from typing import Any

from ..errors import SlipwayError
from ..notices import forms
from ..notices.message import Message
from ..notices.settings import Server, Settings, Target

SECONDS = 10.0
# The texts of what Python says of these quote parts of them.
UNUSABLE = "its URL, its token or its address cannot be used: look for blanks and line ends in them"


class NotReached(SlipwayError):
    """A receiver did not take a message."""

    exit_code = 3


class _Straight(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: a POST would arrive as a GET, and elsewhere."""

    def redirect_request(self, *_: Any) -> None:
        """Refuse it."""
        return


def deliver(settings: Settings, target: Target, message: Message) -> None:
    """Hand a message to a receiver; raise NotReached with the reason."""
    try:
        if target.kind == "mail":
            _mail(settings.mail_server, target, message)
        else:
            _post(target, message)
    except urllib.error.HTTPError as error:
        error.close()
        raise NotReached(f"it answered {error.code} {error.reason}") from None
    except urllib.error.URLError as error:
        raise NotReached(f"no connection: {error.reason}") from None
    except http.client.InvalidURL:
        raise NotReached(UNUSABLE) from None
    except (smtplib.SMTPException, http.client.HTTPException, OSError) as error:
        raise NotReached(_words(error) or type(error).__name__) from None
    except ValueError:
        raise NotReached(UNUSABLE) from None


def _words(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error
        return f"the mail server answered {error.smtp_code} {said.decode(errors='replace') if isinstance(said, bytes) else said}"
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return f"the mail server refuses {', '.join(map(str, error.recipients))}"
    return str(error)


def _post(target: Target, message: Message) -> None:
    body = forms.for_slack(message) if target.kind == "slack" else forms.for_webhook(message)
    headers = {"Content-Type": "application/json", "User-Agent": "slipway"}
    if target.token:
        headers["Authorization"] = f"Bearer {target.token}"
    if not target.url.startswith(("https://", "http://")):
        raise NotReached("its URL begins neither with https:// nor with http://")
    request = urllib.request.Request(target.url, body, headers, method="POST")  # noqa: S310 - judged the line before
    tls = urllib.request.HTTPSHandler(context=ssl.create_default_context())
    with urllib.request.build_opener(_Straight, tls, urllib.request.ProxyHandler({})).open(request, timeout=SECONDS):
        return


def _mail(server: Server | None, target: Target, message: Message) -> None:
    if server is None:
        raise NotReached("this host knows no mail server")
    with _connected(server) as link:
        if server.user:
            link.login(server.user, server.password)
        if refused := link.send_message(forms.for_mail(message, server.sender, target.addresses)):
            raise NotReached(f"the mail server refuses {', '.join(refused)}")


def _connected(server: Server) -> smtplib.SMTP:
    if server.security == "tls":
        return smtplib.SMTP_SSL(server.host, server.port, timeout=SECONDS, context=ssl.create_default_context())
    link = smtplib.SMTP(server.host, server.port, timeout=SECONDS)
    if server.security == "starttls":
        try:
            link.starttls(context=ssl.create_default_context())
        except Exception:
            link.close()
            raise
    return link
