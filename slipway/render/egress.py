"""Render the fence: the TCP ports outside that the containers of each network may open."""

from collections.abc import Mapping, Sequence

from ..placement import Placed

MAIL = 25  # closed where nothing is said: what sends mail on its own is a relay or was taken over
REFUSE = "reject with tcp reset"
NAMES = 53  # always open: long answers of name servers come over TCP, and Docker asks from the container's own network
BRIDGES = ("docker0", "br-*", "veth*")


def fences(releases: Sequence[Placed]) -> dict[str, list[int]]:
    """Return the ports of each network of a stack that has these releases, the one that serves first.

    A release's own networks follow its own word, so the fence moves with the traffic; shared ones follow who serves.
    """
    found: dict[str, list[int]] = {}
    for placed in reversed(releases):
        subnets = (*placed.placement.base_subnets.values(), *placed.placement.subnets.values())
        found |= {subnet: sorted(placed.stack.egress_ports) for subnet in subnets}
    return dict(sorted(found.items()))


def rules(found: Mapping[str, Sequence[int]]) -> str:
    """Return what `nft -f` loads in one transaction: the whole table, for the networks of all stacks of the host.

    What stays between containers is Docker's to judge; what leaves the host is refused at once, so that nobody waits.
    """
    return "\n".join(
        [
            "table inet slipway_egress",
            "delete table inet slipway_egress",
            "table inet slipway_egress {",
            "    chain forward {",
            "        type filter hook forward priority -5; policy accept;",
            "        ct state established,related accept",
            *(f'        oifname "{bridge}" accept' for bridge in BRIDGES),
            *(
                f"        ip saddr {subnet} tcp dport {_closed(ports)} counter {REFUSE}"
                for subnet, ports in sorted(found.items())
            ),
            "    }",
            "}",
            "",
        ]
    )


def _closed(ports: Sequence[int]) -> str:
    return f"!= {{ {', '.join(map(str, sorted({*ports, NAMES})))} }}" if ports else str(MAIL)
