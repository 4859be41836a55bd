"""Plan a deploy: what the host does to make a release serve, in DESIGN's order.

Everything before the step `record` can be taken back by `back`; from there on a resume only goes forward.
"""
