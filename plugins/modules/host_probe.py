"""Documentation of the action `host_probe`; the action in `plugins/action` does the work."""

DOCUMENTATION = r"""
module: host_probe
short_description: Ask a host in one command what it holds and runs
description:
  - Brings what roles would else ask one by one. Roles get the answer as an input and skip what is right already.
  - It is the host as it was at that moment. A task that comes after a change in the same run looks again.
  - Reads only, as root; takes a tenth of a second of the host's time. It is no fact gathering and sets no facts.
attributes:
  check_mode:
    support: full
notes:
  - A file counts as newer than the daemon by the time of its last change of content, name, mode or owner (ctime).
  - A daemon's clock is systemd's. A reload that went past systemd is not seen; at worst the daemon is reloaded once more.
author: Slipway
"""

EXAMPLES = r"""
- name: Ask the host what is there
  host_probe:
  register: probe

- name: Have nginx running
  ansible.builtin.systemd_service:
    name: nginx.service
    state: started
    enabled: true
  when: "'nginx.service' not in probe.up"
"""

RETURN = r"""
packages:
  description: Name and version of each package that is installed.
  returned: success
  type: dict
users:
  description: Users by name, each with C(uid), C(home) and C(shell).
  returned: success
  type: dict
units:
  description: The units our roles care for, those that are there, with their properties as C(systemctl show) names them.
  returned: success
  type: dict
up:
  description: >-
    Those of these units that run, start at boot, have read their settings and, for Docker and nginx, answered a request just now.
  returned: success
  type: list
outdated:
  description: >-
    Units that run with older settings than those on disk, or whose last reload failed; where a run ended before its handlers.
  returned: success
  type: list
mounts:
  description: File system of each path that something is mounted on.
  returned: success
  type: dict
ports:
  description: Ports of C(tcp) and C(udp) that somebody listens on, but for those only the host itself reaches.
  returned: success
  type: dict
system:
  description: C(kernel), C(machine) and C(python).
  returned: success
  type: dict
docker:
  description: Version of the Docker engine that answered; empty where none did.
  returned: success
  type: str
engine:
  description: Version of Slipway's engine on the host; empty where there is none.
  returned: success
  type: str
rules_in_force:
  description: Whether the kernel filters by the rules in C(/etc/slipway/firewall.nft).
  returned: success
  type: bool
"""
