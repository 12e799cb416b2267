"""What the gateway costs, measured against the least that its stack can do.

`python -m benchmarks` from the repository's root; see docs/explanation/performance.md.
"""
