"""Documentation of the action `host_entry`; the action in `plugins/action` does the work."""

DOCUMENTATION = r"""
module: host_entry
short_description: Enter a host and say who let us in, or end the host with one clear cause
description:
  - The first task of a play. Tries the configured user; where the host refuses that user's key, tries O(first_login), the user
    a fresh host lets in. The tasks that follow take RV(user) as their C(ansible_user).
  - Whatever ssh, sudo or the shell answer becomes one cause and one next step.
options:
  first_login:
    description: User that a fresh host lets in, such as C(root), C(debian), C(ubuntu).
    type: str
  user:
    description: User to enter as; the configured one if absent.
    type: str
  new_connection:
    description: Whether to knock anew instead of using an open connection.
    type: bool
    default: false
  confirm:
    description: Guard to confirm once inside, if it is armed; see C(host_files).
    type: str
  seconds:
    description: Time after which that guard puts back; said where nobody gets in.
    type: int
  probe:
    description:
      - Whether to ask the host in the same command what it holds and runs, which roles would else ask one by one. Roles get the
        answer as an input and skip what is right already.
      - It is the host as it was at that moment. A task that comes after a change in the same run looks again.
      - Reads only, as root; takes a tenth of a second of the host's time. It is no fact gathering and sets no facts.
    type: bool
    default: false
  known:
    description:
      - What an earlier entry of this run returned. Where it still holds (the same user, sshd up, no such guard) it is the result
        and nobody knocks.
    type: dict
attributes:
  check_mode:
    support: full
notes:
  - A file counts as newer than the daemon by the time of its last change of content, name, mode or owner (ctime).
  - A daemon's clock is systemd's. A reload that went past systemd is not seen; at worst the daemon is reloaded once more.
author: Slipway
"""

EXAMPLES = r"""
- name: Enter the host
  host_entry:
    first_login: root
    probe: true
  register: entry

- name: Have nginx running
  ansible.builtin.systemd_service:
    name: nginx.service
    state: started
    enabled: true
  when: "'nginx.service' not in entry.probe.up"
"""

RETURN = r"""
user:
  description: The user who was let in.
  returned: success
  type: str
distribution:
  description: C(debian) or C(ubuntu).
  returned: success
  type: str
version:
  description: Version of the distribution.
  returned: success
  type: str
codename:
  description: Code name of the distribution.
  returned: success
  type: str
probe:
  description: What the host holds and runs.
  returned: with O(probe)
  type: dict
  contains:
    packages:
      description: Name and version of each package that is installed.
      type: dict
    held:
      description: Those that nothing but an explicit order moves to another version.
      type: list
    users:
      description: Users by name, each with C(uid), C(home) and C(shell).
      type: dict
    units:
      description: The units our roles care for, those that are there, with their properties as C(systemctl show) names them.
      type: dict
    up:
      description: >-
        Those of these units that run, start at boot, have read their settings and, for Docker and nginx, answered a request just
        now.
      type: list
    outdated:
      description: >-
        Units that run with older settings than those on disk, or whose last reload failed; where a run ended before its handlers.
        The firewall's, too, where the kernel filters by other rules than C(/etc/slipway/firewall.nft).
      type: list
    mounts:
      description: File system of each path that something is mounted on.
      type: dict
    ports:
      description: Ports of C(tcp) and C(udp) that somebody listens on, but for those only the host itself reaches.
      type: dict
    system:
      description: C(kernel), C(machine) and C(python).
      type: dict
    docker:
      description: Version of the Docker engine that answered; empty where none did.
      type: str
    engine:
      description: Version of Slipway's engine on the host; empty where there is none.
      type: str
    files:
      description: What is at each path that C(host_files) brought into place, by digest, and what an earlier call left to do.
      type: dict
    accounts:
      description: What C(host_accounts) knows of the accounts of people.
      type: dict
"""
