"""What a person asks of running hosts, over OpenSSH: the side of `fab` that does the work."""
