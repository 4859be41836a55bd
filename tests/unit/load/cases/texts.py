"""Stack files that are wrong as files, as YAML or as texts with variables, and their good neighbours."""

from dataclasses import dataclass

TITLE = "The file itself"
SERVICE = "image: 'acme/api:1', mem_limit: 64m, healthcheck: {test: [CMD, 'true']}"
GOOD = f"services: {{a: {{{SERVICE}}}}}\n"


def service(more: str) -> str:
    return f"services: {{a: {{{SERVICE}, {more}}}}}\n"


@dataclass(frozen=True)
class Text:
    """A stack file with a fault, what the fault says, and one without."""

    name: str
    bad: str
    says: str
    good: str = GOOD


TEXTS = [
    Text("open bracket", "services: {a: [}", "is not YAML"),
    Text("tab", "services:\n\ta: 1", "is not YAML"),
    Text("zero byte", "a: \0", "is not YAML"),
    Text("key twice", f"x-a: 1\nx-a: 2\n{GOOD}", "compose.yml:2: x-a: written twice in one mapping; first on line 1"),
    Text("service twice", f"services:\n  a: {{{SERVICE}}}\n  a: {{}}\n", "services.a: written twice in one mapping"),
    Text("alias of nothing", f"x-a: *b\n{GOOD}", "alias `*b` has no anchor above it", f"x-a: &b 1\nx-c: *b\n{GOOD}"),
    Text("alias of itself", f"x-a: &a [*a]\n{GOOD}", "alias `*a` holds itself", f"x-a: &a [a]\n{GOOD}"),
    Text("second document", f"{GOOD}---\n{GOOD}", "holds a second document", f"---\n{GOOD}"),
    Text("nothing", "", "is empty"),
    Text("list", "- a", "a list where a mapping is wanted"),
    Text("no service", "services: {}", "no service"),
    Text("list as a key", f"? [a]\n: b\n{GOOD}", "a list as a key"),
    Text("merged text", f"x-a: {{<<: text}}\n{GOOD}", "merges text", f"x-a: {{<<: {{b: 1}}}}\n{GOOD}"),
    Text("depth", f"x-a: {'[' * 100}{']' * 100}\n{GOOD}", "nested deeper than 64 levels", f"x-a: {'[' * 60}{']' * 60}\n{GOOD}"),
    Text("endless number", f"x-a: .inf\n{GOOD}", "Compose refuses the number", f"x-a: '.inf'\n{GOOD}"),
    Text("key of the root", "sevices: {}", "unknown key `sevices`; did you mean `services`?"),
    Text("key of a service", service("enviroment: {}"), "did you mean `environment`?", service("environment: {}")),
    Text(
        "date",
        service("environment: {D: 2024-01-02}"),
        "Compose reads `2024-01-02` as a date; write it in quotes",
        service("environment: {D: '2024-01-02'}"),
    ),
    Text(
        "value of the caller",
        service("environment: {D: }"),
        "takes its value from the caller's environment, which is not read",
        service("environment: {D: ''}"),
    ),
    Text(
        "open variable",
        service("environment: {D: '${'}"),
        "`$` begins no variable; write `$$` for a dollar sign",
        service("environment: {D: '$${'}"),
    ),
    Text(
        "variable without a value",
        service("environment: {D: '${D}'}"),
        "variable `D` has no value; add it to `variables` or `secrets` in inventory/test/group_vars/all/stacks.yml, stack `shop`",
        service("environment: {D: '${D:-x}'}"),
    ),
    Text(
        "number in a command",
        service("command: [sleep, 10]"),
        '`10` is a whole number where text is wanted; write "10" in quotes',
        service("command: [sleep, '10']"),
    ),
    Text(
        "cut command",
        service("command: 'a; b'"),
        "Compose cuts a command at `;`",
        service("command: [sh, -c, 'a; b']"),
    ),
    Text(
        "number in words",
        service("deploy: {replicas: two}"),
        "`two` where a whole number is wanted",
        service("deploy: {replicas: 2}"),
    ),
    Text(
        "tag",
        service("environment: !reset {}"),
        "tag `!reset`",
        service("environment: {}"),
    ),
]
