"""Documentation of the action `host_files`; the action in `plugins/action` does the work."""

DOCUMENTATION = r"""
module: host_files
short_description: Bring a set of files of one daemon into place, judged together, in one stroke
description:
  - C(template) for a set. Renders on the controller, sends everything in one command, compares on the host.
  - Where something differs, the daemon's own checker (O(validate)) is run once in a mount namespace of its own that shows the
    new files at their final paths. If it says no, nothing is changed.
  - New files are staged beside their place, then renamed. Missing parent folders are made (0755, root).
  - Where nothing differs, the host is asked once and nothing is written.
options:
  files:
    description: Files; each gives exactly one of C(template), C(source), C(content), C(json).
    type: list
    elements: dict
    suboptions:
      path:
        description: Final path; with C(each), C({key}) in it is replaced.
        type: str
        required: true
      template:
        description: Jinja template in the role's C(templates/), or an absolute path. Undefined variables are faults.
        type: str
      source:
        description: File or folder in the role's C(files/), or an absolute path, copied verbatim; of a folder, its files.
        type: str
      content:
        description: The text itself.
        type: str
      json:
        description: A value, written as sorted JSON.
        type: raw
      each:
        description: With C(template), one file per key; the template sees C(key) and C(value).
        type: dict
      mode:
        description: Four octal digits as text.
        type: str
        default: "0644"
      owner:
        description: Name or number.
        type: str
        default: root
      group:
        description: Name or number; the owner's name if absent.
        type: str
      secret:
        description: Keeps the content out of diffs and logs.
        type: bool
        default: false
      once:
        description: Content of a file that is there stays; mode and owner do not.
        type: bool
        default: false
  folders:
    description: Folders with C(path), C(mode) (0755), C(owner), C(group).
    type: list
    elements: dict
  links:
    description: Symbolic links with C(path) and C(target).
    type: list
    elements: dict
  absent:
    description: Files and links that must not be there.
    type: list
    elements: str
  exclusive:
    description:
      - Folders in which files of ours that the set does not name are removed.
      - Ours are those whose first line says C(Written by Slipway); foreign files stay.
    type: list
    elements: str
  validate:
    description:
      - The checker and its arguments, run once with all new files in place, only where something differs.
      - In check mode a checker that is not installed yet is named in a warning; otherwise it is a failure.
    type: list
    elements: str
  guard:
    description:
      - Armed before the first write. The host puts back what was there after C(seconds) and runs each command of C(undo),
        unless C(host_entry) confirms C(name) over a new connection.
    type: dict
    suboptions:
      name:
        description: Name of the guard.
        type: str
        required: true
      seconds:
        description: Time to confirm.
        type: int
        required: true
      undo:
        description: Commands that make the daemons see the old files again.
        type: list
        elements: list
        required: true
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
author: Slipway
"""

EXAMPLES = r"""
- name: Ssh | Write the settings
  host_files:
    files:
      - path: /etc/ssh/sshd_config.d/10-slipway.conf
        template: sshd.conf.j2
        mode: "0600"
    validate: [sshd, -t]
    guard:
      name: ssh
      seconds: 90
      undo: [[systemctl, restart, ssh.service]]
  notify: Reload ssh
"""

RETURN = r"""
paths:
  description: Paths that were changed or removed.
  returned: success
  type: list
armed:
  description: Whether a guarded change, of this run or an earlier one, waits to be confirmed.
  returned: with O(guard), outside check mode
  type: bool
not_judged:
  description: Why the set could not be judged (check mode on a host that lacks the checker).
  returned: success
  type: list
"""
