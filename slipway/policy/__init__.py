"""What a release may ask of a host: written down as an admin ran it, judged on the host for everybody. Pure."""
