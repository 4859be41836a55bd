"""Render what shuts a stack at the edge: a page for people, an answer for programs, a way past it for the team.

It stands in a file of its own that every server of the stack's site includes where it is there. So no release holds it: a
deploy, a return and a boot find it as it was, and leave it.
"""

from .nginx_text import filled

FOLDER = "/etc/nginx/slipway/maintenance"
# Everything a page needs stands in it: whatever else it asked for would be answered with the page again.
PAGE_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def included(stack: str) -> str:
    """Return what a site includes: the brackets make it a pattern, which may match nothing."""
    return f"{FOLDER}/{stack}[.]conf"


def page(stack: str) -> str:
    """Return where the page lies."""
    return f"{FOLDER}/{stack}.html"


def text(stack: str, bypass: str, retry_seconds: int, template: str) -> str:
    """Return the file that shuts a stack."""
    return filled(template, stack=stack, bypass=bypass, retry_seconds=retry_seconds, page=page(stack))


def link(address: str, bypass: str) -> str:
    """Return the link that lets a browser past, below a domain's address."""
    return f"{address}.slipway/bypass?token={bypass}"
