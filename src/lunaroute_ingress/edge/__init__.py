"""What happens to every request before and after the endpoint that answers it."""

from lunaroute_ingress.edge.edge import Edge

__all__ = ["Edge"]
