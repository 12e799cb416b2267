"""What a rule asks of the model's name."""

from attrs import frozen

from lunaroute_routing.model_shape import ModelShape
from lunaroute_routing.request_features import RequestFeatures
from lunaroute_routing.wording import quoted


@frozen
class ModelIs:
    """A Condition: the name has a shape. `demand` is what is said of one that has not."""

    shape: ModelShape
    demand: str

    def holds(self, features: RequestFeatures) -> bool:
        return self.shape.has(features.request.model)

    def mismatch(self, features: RequestFeatures) -> str:
        return f"model {quoted(features.request.model)} {self.demand}"
