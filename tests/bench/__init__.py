"""What Slipway costs beside what one would do without it: `make bench`. An entry is a function in `entries`."""
