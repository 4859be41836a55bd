"""The inventory's words are checked like the stack's: own file, own line, own advice."""

import json

import pytest

from slipway.environment import SecretCommand
from tests.unit.load.project import Patch, Project

BAD = [
    ({"stacks/shop/compose": "shpo"}, "stacks.shop.compose: no `compose/shpo/compose.yml`; did you mean `shop`?"),
    ({"stacks/shop/compsoe": "x"}, "stacks.shop: unknown key `compsoe`; did you mean `compose`?"),
    ({"stacks/Shop": {"compose": "shop"}}, "stacks.Shop: `Shop` is no name for a stack"),
    ({"stacks/shop-r2": {"compose": "shop"}}, "stacks.shop-r2: `shop-r2` ends like a release"),
    ({"prodution": True}, "(file): unknown key `prodution`; did you mean `production`?"),
    ({"production": "yes"}, "production: `yes` is text where true or false is wanted"),
    ({"stacks/shop/variables": {"A": 1.10}}, "stacks.shop.variables.A: `1.1` is a number where text is wanted"),
    ({"stacks/shop/variables": {"A": None}}, "stacks.shop.variables.A: `null` is nothing where text is wanted"),
    ({"stacks/shop/variables": {"A-B": "x"}}, "stacks.shop.variables.A-B: `A-B` is no name for a variable"),
    ({"stacks/shop/variables": {"DB_PASSWORD": "hunter2"}}, "stacks.shop.variables.DB_PASSWORD: a secret in plain text"),
    ({"stacks/shop/variables": {"A": "{{ lookup('x') }}"}}, "stacks.shop.variables.A: Jinja in a word that Slipway reads"),
    ({"stacks/shop/secrets": {"A": "vault"}}, "stacks.shop.secrets.A: no vault.yml beside this file"),
    ({"stacks/shop/secrets": {"A": "valut"}}, "stacks.shop.secrets.A: the value where `vault` is wanted; did you mean `vault`?"),
    (
        {"stacks/shop/secrets": {"A": {"command": "echo x"}}},
        "stacks.shop.secrets.A.command: the value is text where a list is wanted",
    ),
    ({"stacks/shop/secrets": {"A": {"command": []}}}, "stacks.shop.secrets.A: an empty command"),
    ({"stacks/shop/secrets": {"A": {"command": ["x"]}}}, "stacks.shop.secrets.A: `A` is used nowhere in the stack"),
    ({"releases": {"shpo": {}}}, "releases.shpo: no stack `shpo`; did you mean `shop`?"),
    ({"releases": {"shop": {"images": {"api": "1"}}}}, "releases.shop.images.api: is no digest"),
    (
        {"releases": {"shop": {"images": {"apis": f"sha256:{'a' * 64}"}}}},
        "`apis` is used nowhere in the stack; did you mean `api`?",
    ),
    ({"openings": [{"port": 0, "why": "x"}]}, "openings[0].port: 0 where 1 to 65535 is wanted"),
    ({"openings": [{"port": 25}]}, "openings[0]: `why` is missing"),
    ({"openings": [{"port": 25, "why": "x", "sources": ["all"]}]}, "openings[0].sources[0]: `all` is no network"),
    ({"docker": {"source": "podman"}}, "docker.source: `podman` where one of `distribution`, `docker` is wanted"),
    ({"acme": {"server": "letsencrpyt"}}, "acme.server: `letsencrpyt` is no server; did you mean `letsencrypt`?"),
    ({"acme": {"server": "letsencrypt-staging"}, "production": True}, "acme.server: test certificates where `production: true`"),
    ({"stacks/shop/compose": "../shop"}, "stacks.shop.compose: `../shop` is no folder under `compose/`"),
    ({"stacks/shop/secrets": {"A": "hunter2"}}, "stacks.shop.secrets.A: the value where `vault` is wanted"),
    ({"stacks/shop/variables": {"MY_TOKEN": 1.5}}, "stacks.shop.variables.MY_TOKEN: the value is a number where text is wanted"),
    ({"keep_releases": 0}, "keep_releases: 0 where 1 or more is wanted"),
]


@pytest.mark.parametrize(("patch", "says"), BAD, ids=[says for _, says in BAD])
def test_a_wrong_word_is_named(project: Project, patch: Patch, says: str) -> None:
    project.base({}, patch)
    found = project.faults()
    assert any(fault.startswith("inventory/test/group_vars/all/stacks.yml:") and says in fault for fault in found), "\n".join(
        found
    )
    assert "hunter2" not in "\n".join(found)


def test_every_word_is_taken(project: Project) -> None:
    project.base(
        {"services/api/environment": {"A": "${A}", "B": "${B}", "S": "${S}"}},
        {
            "production": False,
            "stacks/shop/variables": {"A": 2, "B": True},
            "stacks/shop/secrets": {"S": {"command": ["pass", "S"]}},
            "admins": {"ann": {"keys": ["ssh-ed25519 AAAA ann"], "expires": "2030-01-01"}},
            "deployers": {"ci": {"keys": ["~/.ssh/ci.pub"]}},
            "openings": [{"port": 8443, "protocol": "tcp", "sources": ["192.0.2.0/24", "2001:db8::/32"], "why": "a partner"}],
            "acme": {"server": "letsencrypt-staging", "email": "ops@example.org"},
            "docker": {"source": "docker", "registry_mirrors": ["http://10.0.0.1:5000"], "address_pool": "10.213.0.0/16"},
            "public_ports": {"https": 8441},
            "first_login": "debian",
            "keep_releases": 3,
            "updates": {"window": "02:00-03:00", "reboot": False},
            "timezone": "Europe/Berlin",
            "notify": {"page": ["pager"]},
            "receivers": {"pager": {"webhook": "https://example.org"}},
            "backup_target": [{"type": "s3", "encrypt_to": "age1"}],
            "ansible_user": "{{ whoever }}",
        },
    )
    environment = project.load()
    assert environment.stacks["shop"].services["api"].compose["environment"] == {"A": "2", "B": "true", "S": "${S}"}
    assert environment.secret_sources == {"shop": {"S": SecretCommand(("pass", "S"))}}
    assert (environment.public_ports.http, environment.public_ports.https) == (80, 8441)
    assert environment.backup_target == ({"type": "s3", "encrypt_to": "age1"},)
    assert environment.openings[0].sources == ("192.0.2.0/24", "2001:db8::/32")


def test_pins_go_before_the_stacks_own_values(project: Project) -> None:
    project.base({"services/api/image": "acme/api:${RELEASE:?}"}, {"stacks/shop/variables": {"RELEASE": "1.0"}})
    project.inventory(json.dumps({"releases": {"shop": {"variables": {"RELEASE": "2.0"}}}}), "releases.yml")
    stack = project.stack()
    assert stack.services["api"].image == "acme/api:2.0"
    assert stack.variables == {"RELEASE": "2.0"}


def test_a_variable_in_a_typed_word_takes_its_type(project: Project) -> None:
    project.base(
        {
            "services/api/x-slipway/scale": {"min": "${MIN}", "max": "${MAX:-4}"},
            "services/api/x-slipway/health/contains": "${MIN}",
        },
        {"stacks/shop/variables": {"MIN": 2}},
    )
    api = project.stack().services["api"]
    assert (api.scale and (api.scale.min, api.scale.max), api.health and api.health.contains) == ((2, 4), "2")
    project.base({"services/api/x-slipway/scale": {"min": "${MIN}", "max": 4}}, {"stacks/shop/variables": {"MIN": "few"}})
    assert "services.api.x-slipway.scale.min: `${MIN}` does not give a whole number" in project.faults()[0]


def test_a_word_in_two_files_is_named(project: Project) -> None:
    project.base({}, {})
    project.inventory("production: true\nstacks: {}", "more.yml")
    home = "inventory/test/group_vars/all"
    assert project.faults() == [f"{home}/stacks.yml:1: stacks: written in two files; first in {home}/more.yml:2; keep one"]


def test_a_vault_in_plain_text_is_named(project: Project) -> None:
    project.base({"services/api/environment": ["S"]}, {"stacks/shop/secrets": {"S": "vault"}})
    project.inventory("vault:\n  shop:\n    S: hunter2", "vault.yml")
    assert project.faults() == [
        "inventory/test/group_vars/all/vault.yml:3: vault.shop.S: a secret in plain text; "
        "run `ansible-vault encrypt inventory/test/group_vars/all/vault.yml`"
    ]
    project.inventory("vault:\n  shop:\n    S: !vault |\n      $ANSIBLE_VAULT;1.1;AES256\n      00", "vault.yml")
    assert project.faults() == []


def test_one_folder_may_serve_two_stacks_but_not_one_domain(project: Project) -> None:
    patch: Patch = {"x-slipway/domains/site/name": "${NAME}"}
    stacks: Patch = {
        "stacks/shop/variables": {"NAME": "a.example.org"},
        "stacks/shop-staging": {"compose": "shop", "variables": {"NAME": "b.example.org"}},
    }
    project.base(patch, stacks)
    assert sorted(project.load().stacks) == ["shop", "shop-staging"]
    project.base(patch, stacks | {"stacks/shop-staging/variables": {"NAME": "a.example.org"}})
    assert "`a.example.org` of stack `shop-staging` belongs to stack `shop` already" in project.faults()[0]


def test_an_environment_without_words_is_named(project: Project) -> None:
    assert project.faults() == ["inventory/test:1: (file): holds no `group_vars/all/`; write `group_vars/all/stacks.yml` there"]
