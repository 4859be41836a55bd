"""Documentation of the action `host_packages`; the action in `plugins/action` does the work."""

DOCUMENTATION = r"""
module: host_packages
short_description: Have packages of the distribution installed
description:
  - Asks dpkg in one command and calls C(ansible.builtin.apt) only for what is missing, without recommended packages.
  - Services of new packages are not started; the role starts them once their settings are in place.
  - A failure says its cause and the next step. In check mode nothing is asked of the mirror.
options:
  names:
    description: Packages.
    type: list
    elements: str
    required: true
  installed:
    description: What the C(probe) of C(host_entry) said in C(packages); where it holds all of O(names), dpkg is not asked.
    type: dict
    default: {}
  ahead:
    description:
      - Whether later tasks ask for these packages too; here they are installed in one stroke, and each of those tells of its own.
      - In check mode nothing is done then.
    type: bool
    default: false
  hold:
    description: Whether nothing but an explicit order may move these packages to another version.
    type: bool
    default: false
  held:
    description: What the C(probe) of C(host_entry) said in C(held); where it holds all of O(names), dpkg is not asked.
    type: list
    elements: str
    default: []
attributes:
  check_mode:
    support: full
author: Slipway
"""

EXAMPLES = r"""
- name: Firewall | Install nftables
  host_packages:
    names: [nftables]
"""

RETURN = r"""
missing:
  description: What the host lacked when O(installed) was asked for, and has now, or in check mode would have.
  returned: success
  type: list
loose:
  description: What was, or in check mode would be, put on hold.
  returned: success
  type: list
drift:
  description: Name to when somebody removed it, of those that are missing.
  returned: success
  type: dict
versions:
  description: Upstream version of each package that is installed.
  returned: success
  type: dict
"""
