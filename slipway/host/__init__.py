"""The doors to a machine: files, processes, Docker, nginx, nftables. Runs on hosts with the standard library only."""
