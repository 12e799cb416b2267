"""The ways to choose among deployments."""
