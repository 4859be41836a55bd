"""The keys of the Compose specification, and what becomes of each here. Every key that is only known passes through."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


ROOT = _words("version name include services models networks volumes secrets configs")
SERVICE = _words(
    """annotations attach blkio_config build cap_add cap_drop cgroup cgroup_parent command configs container_name cpu_count
    cpu_percent cpu_period cpu_quota cpu_rt_period cpu_rt_runtime cpu_shares cpus cpuset credential_spec depends_on deploy
    develop device_cgroup_rules devices dns dns_opt dns_search domainname entrypoint env_file environment expose extends
    external_links extra_hosts gpus group_add healthcheck hostname image init ipc isolation label_file labels links
    logging mac_address mem_limit mem_reservation mem_swappiness memswap_limit models network_mode networks
    oom_kill_disable oom_score_adj pid pids_limit platform ports post_start pre_start pre_stop privileged profiles
    provider pull_policy pull_refresh_after read_only restart runtime scale secrets security_opt shm_size stdin_open
    stop_grace_period stop_signal storage_opt sysctls tmpfs tty ulimits use_api_socket user userns_mode uts volumes
    volumes_from working_dir"""
)
DEPLOY = _words("""mode endpoint_mode replicas labels rollback_config update_config resources restart_policy placement""")
HEALTHCHECK = _words("disable interval retries test timeout start_period start_interval")
NETWORK = _words("name driver driver_opts ipam external internal enable_ipv4 enable_ipv6 attachable labels")
VOLUME = _words("name driver driver_opts external labels")
SECRET = _words("name environment file external labels driver driver_opts template_driver")
MOUNT = _words("type source target read_only consistency bind volume tmpfs image")
PORT = _words("name mode host_ip target published protocol app_protocol")

IGNORED_ROOT = {"version": "Compose itself ignores it"}
IGNORED = {
    "build": "images are built and pushed before a deploy; hosts pull them",
    "develop": "it belongs to the laptop",
    "restart": "Slipway has its own rule: what serves starts again, nothing else does",
    "pull_policy": "images are pulled once, by digest",
}
IGNORED_DEPLOY = {
    "labels": "Compose gives them to no container",
    "restart_policy": "Slipway has its own rule: what serves starts again, nothing else does",
    "rollback_config": "what takes a release back is `x-slipway.watch`",
    "endpoint_mode": "it belongs to Swarm",
    "placement": "hosts are chosen by the inventory",
}
REFUSED_ROOT = {
    "include": "write the services into this file",
    "configs": "bind a file of the stack's folder instead: `./app.conf:/etc/app.conf:ro`",
    "models": "run the model as a service",
}
REFUSED = {
    "container_name": "remove it: replicas and releases need names of their own",
    "env_file": "write `environment:` with `${NAME}` and give values in the inventory",
    "label_file": "write `labels:`",
    "extends": "use a YAML anchor: `<<: *app`",
    "links": "remove it: services reach each other by name, `depends_on` says the order",
    "external_links": "remove it: put both services into one stack",
    "volumes_from": "name the volume in both services",
    "scale": "write `deploy.replicas`",
    "configs": REFUSED_ROOT["configs"],
    "models": REFUSED_ROOT["models"],
    "provider": "run it as a service",
    "post_start": "use a service with `x-slipway.task`",
    "pre_start": "use a service with `x-slipway.task`",
    "pre_stop": "let the process answer SIGTERM within `stop_grace_period`",
    "mac_address": "remove it: replicas cannot share an address",
}
MAPPINGS = _words("annotations environment labels sysctls")
LISTS = _words("dns dns_opt dns_search tmpfs")
COMMANDS = _words("command entrypoint")
FIELDS = frozenset(["image", "networks", "volumes", "secrets", "depends_on", "profiles", "deploy", "stop_grace_period"])
