"""The first inventory of a stack: hosts, the way in, and the values and secrets its file asks for. `<-` marks what to look at."""

from collections.abc import Mapping

from .sketch import Sketch
from .variables import Names
from .yaml_text import scalar

EXAMPLE_ADDRESS = "203.0.113.10"

HOSTS = """\
---
all:
  hosts:
    web1:
      ansible_host: {address}{mark}
"""
SSH = """\
---
# The admin this machine works as once the host is prepared; one of `admins` in stacks.yml.
ansible_user: ops  # <- your name on the host; site.yml creates it
# Your private key; leave the line out if an agent holds it.
ansible_ssh_private_key_file: ~/.ssh/id_ed25519  # <-
"""
STACKS = """\
---
# true refuses destructive tasks and certificates of test servers.
production: false

stacks:
{stack}
# Who a fresh VM lets in: root, debian or ubuntu, as your provider says. Used until the admin is there, never after.
first_login: root  # <-

# People with sudo: public keys, or paths to them on this machine. Whoever leaves the list loses access with the next run.
admins:
  ops: {{keys: [~/.ssh/id_ed25519.pub]}}  # <-

acme:
  # Test certificates first: browsers warn, but no limit of Let's Encrypt can be hit. Then write letsencrypt and run again.
  server: letsencrypt-staging  # <- letsencrypt
  email: {email}  # <-
"""
VAULT = """\
---
# Fill in, then run: ansible-vault encrypt {file}
vault:
  {stack}:
{names}"""


def stack_words(sketch: Sketch, names: Names) -> str:
    """Return the stack's entry under `stacks:`."""
    order = sketch.team.order
    lines = [f"  {order.name}:  # name of the stack on the host: its projects, volumes and paths", f"    compose: {order.name}"]
    if names.variables:
        lines.append("    variables:  # values for ${NAME} in the stack file")
        lines += [_variable(name, value, sketch.asked) for name, value in names.variables.items()]
    if names.secrets:
        lines.append(
            "    secrets:  # name -> vault (vault.yml beside this file), or {command: [program, argument]} that prints it"
        )
        lines += [f"      {name}: vault" for name in names.secrets]
    return "\n".join(lines) + "\n"


def _variable(name: str, value: str, asked: Mapping[str, str]) -> str:
    mark = f"  # <- {asked[name]}" if name in asked else "" if value else "  # <- no value was found"
    text = scalar(value)
    return f"      {name}: {text}{mark}"


def inventory_texts(sketch: Sketch, names: Names) -> dict[str, str]:
    """Return file -> text of the environment's folder."""
    order = sketch.team.order
    home = "group_vars/all"
    texts = {
        "hosts.yml": HOSTS.format(address=order.host or EXAMPLE_ADDRESS, mark="" if order.host else "  # <- address of the VM"),
        f"{home}/ssh.yml": SSH,
        f"{home}/stacks.yml": STACKS.format(
            stack=stack_words(sketch, names), email=f"admin@{sketch.known.get('DOMAIN') or 'example.com'}"
        ),
    }
    if names.secrets:
        file = f"inventory/{order.environment}/{home}/vault.yml"
        texts[f"{home}/vault.yml"] = VAULT.format(file=file, stack=order.name, names=_empty(names))
    return texts


def _empty(names: Names) -> str:
    return "".join(f"    {name}:\n" for name in names.secrets)
