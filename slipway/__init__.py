"""Slipway: a production platform for the Compose file a team already has."""

SCHEMA = 1
"""Version of the records a controller sends and a host keeps; a host refuses a newer one."""
