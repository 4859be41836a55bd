"""Values that ansible-vault sealed, as plain text. Ansible is imported only where there is a vault to open.

Ansible's own words about a vault are never repeated: they can quote a line of it.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .load.secrets import VAULT, Sealed

NO_PASSWORD = Sealed(
    "cannot be opened: no password at hand fits",
    "name the vault's password file in ansible.cfg (`vault_password_file`) or in ANSIBLE_VAULT_PASSWORD_FILE",
)
NO_YAML = Sealed("cannot be read: vault.yml is not YAML once it is opened", "`ansible-vault edit` it")


def opened(vault: object) -> object:
    """Return what stands under `vault:` with every sealed value opened; what no password opens is Sealed."""
    from ansible.parsing.vault import EncryptedString  # noqa: PLC0415 - a second of imports

    if isinstance(vault, Mapping):
        return {str(name): opened(value) for name, value in vault.items()}
    return _text(vault) if isinstance(vault, EncryptedString) else vault


def read(file: Path, configuration: Path) -> object:
    """Return what stands under `vault:` in a file, opened with the passwords Ansible would use; it may ask a person for one."""
    if not file.is_file():
        return {}
    os.environ.setdefault("ANSIBLE_CONFIG", str(configuration))
    from ansible.errors import AnsibleError  # noqa: PLC0415 - a second of imports

    try:
        content = _load(file)
    except AnsibleError as error:
        return NO_PASSWORD if "decrypt" in str(error).lower() or "password" in str(error).lower() else NO_YAML
    return opened(content.get(VAULT) if isinstance(content, Mapping) else None)


def _load(file: Path) -> Any:
    from ansible import constants  # noqa: PLC0415 - slow to load
    from ansible.cli import CLI  # noqa: PLC0415 - slow to load
    from ansible.parsing.dataloader import DataLoader  # noqa: PLC0415 - slow to load
    from ansible.parsing.vault import VaultSecretsContext  # noqa: PLC0415 - slow to load

    loader = DataLoader()
    if known := VaultSecretsContext.current(optional=True):  # Ansible takes the passwords once for a process
        loader.set_vault_secrets(known.secrets)
    else:
        CLI.setup_vault_secrets(loader, list(constants.DEFAULT_VAULT_IDENTITY_LIST), auto_prompt=sys.stdin.isatty())
    return loader.load_from_file(str(file))


def _text(value: Any) -> str | Sealed:
    from ansible.errors import AnsibleError  # noqa: PLC0415 - slow to load

    try:
        return str(value)
    except AnsibleError:
        return NO_PASSWORD
