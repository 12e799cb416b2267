"""What a rule may ask of a request's content: it has to be decoded for that."""

from attrs import frozen

from lunaroute_routing.request_features import RequestFeatures


@frozen
class DeclaresTools:
    """A Condition."""

    wanted: bool

    def holds(self, features: RequestFeatures) -> bool:
        return features.has_tools is self.wanted

    def mismatch(self, features: RequestFeatures) -> str:  # noqa: ARG002 - a Condition's
        return "no tools are declared" if self.wanted else "tools are declared"


@frozen
class ShowsImages:
    """A Condition."""

    wanted: bool

    def holds(self, features: RequestFeatures) -> bool:
        return features.has_images is self.wanted

    def mismatch(self, features: RequestFeatures) -> str:  # noqa: ARG002 - a Condition's
        return "there are no images" if self.wanted else "there are images"


@frozen
class InputBetween:
    """A Condition: tokens of the input by estimate, both bounds included."""

    least: int | None
    most: int | None

    def holds(self, features: RequestFeatures) -> bool:
        tokens = features.input_tokens
        enough = self.least is None or tokens >= self.least
        return enough and (self.most is None or tokens <= self.most)

    def mismatch(self, features: RequestFeatures) -> str:
        tokens = features.input_tokens
        few = self.least is not None and tokens < self.least
        bound = f"fewer than {self.least}" if few else f"more than {self.most}"
        return f"the input is about {tokens} tokens, {bound}"
