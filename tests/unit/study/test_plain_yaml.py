import pytest

from study.reading.plain_yaml import REFUSALS, plain_yaml

BOMB = "a0: &a0 {x: 1}\n" + "".join(
    f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 10)}]}}\n" for n in range(1, 12)
)
TAGS = ["timestamp soon", "int ''", "int x", "float x", "bool perhaps", "binary x", "set 1"]


@pytest.mark.parametrize(
    "text", [BOMB, "!!python/object/apply:os.getcwd []", *map("a: !!{}".format, TAGS)]
)
def test_what_is_not_plain_is_refused_at_once(text):
    with pytest.raises((*REFUSALS, ValueError)):
        plain_yaml(text)


def test_plain_values_are_read():
    assert plain_yaml("a: {b: [1, 2.5, yes, x]}") == {"a": {"b": [1, 2.5, True, "x"]}}
