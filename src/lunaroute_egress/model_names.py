"""Under which name a model is known to the upstream."""

from collections.abc import Mapping

from attrs import field, frozen


@frozen(kw_only=True)
class ModelNames:
    """Maps public model names to the upstream's.

    Attributes:
        override: sent whatever the client asked for.
        names: public name to upstream name; a name that is not listed stays.
    """

    override: str | None = None
    names: Mapping[str, str] = field(factory=dict[str, str])

    def upstream(self, model: str) -> str:
        return self.override or self.names.get(model, model)
