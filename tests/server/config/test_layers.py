from lunaroute_server.config.document import Document
from lunaroute_server.config.layers import Layers
from lunaroute_server.config.origin import Origin, Setting


def layers(data):
    document = Document(name="c.yaml", data=data, lines={("port",): 4})
    return Layers(document=document, data=data, problems=[])


FLAG = Origin(kind="argument", name="--port")


def test_values_of_the_document_come_from_its_lines():
    assert layers({"port": 1}).origins == {("port",): Origin(kind="file", name="c.yaml:4")}


def test_without_providers_the_vendors_are_there_for_settings_to_reach():
    assert [*layers({}).providers] == ["openai", "anthropic", "mock"]
    assert [*layers({"providers": {"x": {}}}).providers] == ["x"]


def test_a_setting_lies_over_the_value_before():
    found = layers({"port": 1})
    found.lay([Setting(path=("port",), value="2", origin=FLAG)])
    assert found.data["port"] == 2
    assert found.origins[("port",)] == FLAG
    assert found.problems == []


def test_a_wrong_setting_is_a_problem_and_lies_over_nothing():
    found = layers({"port": 1})
    found.lay([Setting(path=("port",), value="x", origin=FLAG)])
    assert found.data["port"] == 1
    assert [(each.source, each.path) for each in found.problems] == [("--port", ("port",))]
