"""A first stack from a team's Compose file: reads it as it is, proposes what Slipway needs, returns texts. Writes nothing."""
