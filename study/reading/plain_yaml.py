"""YAML that comes from outside: plain values, and nothing that grows without end."""

from typing import Any

import yaml

# Beside ValueError: what PyYAML raises where a tag does not fit its value ("!!timestamp soon").
REFUSALS = (yaml.YAMLError, AttributeError, LookupError, TypeError)


def plain_yaml(text: str) -> Any:  # noqa: ANN401
    """Return what YAML says; raises one of `REFUSALS` or ValueError where it is refused."""
    return yaml.load(text, _PlainLoader)


class _PlainLoader(yaml.SafeLoader):
    """Reads what a configuration needs: no mappings that are merged, which grow without end."""

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Refuse a mapping that takes in others."""
        if any(key.tag == "tag:yaml.org,2002:merge" for key, _ in node.value):
            raise yaml.YAMLError("it merges mappings")
