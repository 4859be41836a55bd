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
attributes:
  check_mode:
    support: full
author: Slipway
"""

EXAMPLES = r"""
- name: Enter the host
  host_entry:
    first_login: root
  register: entry
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
"""
