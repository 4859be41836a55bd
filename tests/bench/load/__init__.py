"""One steady load while releases change: by Slipway, by Compose, by docker-rollout. `python -m tests.bench.load [--once]`."""
