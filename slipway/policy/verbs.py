"""What a deployer may have the engine do. Everything else is for admins: they are root anyway."""

DEPLOYER_VERBS: tuple[str, ...] = (
    "status",
    "logs",
    "journal",
    "releases",
    "diff",
    "plan",
    "resolve",
    "submit",
    "rollback",
    "promote",
    "abort",
    "follow",
    "scale",
    "task",
    "maintenance",
    "restart",
    "together",
)
