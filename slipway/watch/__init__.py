"""Judge whether a release holds after it went live. Pure: what was seen comes in, the clock with it; a verdict comes out."""
