import numpy as np
import pytest

from core.errors import ModelError
from core.models import Param
from core.param import numbers

WHOLE = Param("epochs", "Epochs", 5, "How often.", 1, 20)
REAL = Param("dropout", "Dropout", 0.4, "How much.", 0.0, 0.9)
FLAG = Param("batch_norm", "Batch normalisation", True, "Whether.")
CHOICE = Param("augmentation", "Changes", "none", "Which.", choices=("none", "some"))
SIZES = Param("filters", "Filters", "32-64", "How many.", 4, 512)


def test_a_value_becomes_the_type_of_its_parameter():
    for param, value, expected in [
        (WHOLE, 7, 7),
        (WHOLE, "7", 7),
        (WHOLE, " 7 ", 7),
        (WHOLE, 7.0, 7),
        (WHOLE, "7.0", 7),
        (WHOLE, 1, 1),
        (WHOLE, 20, 20),
        (WHOLE, np.int64(3), 3),
        (REAL, 0, 0.0),
        (REAL, "0.9", 0.9),
        (REAL, "1e-1", 0.1),
        (REAL, np.float32(0.5), 0.5),
        (FLAG, True, True),
        (FLAG, False, False),
        (FLAG, "true", True),
        (FLAG, "False", False),
        (FLAG, " Yes ", True),
        (FLAG, "NO", False),
        (FLAG, "on", True),
        (FLAG, "off", False),
        (FLAG, "1", True),
        (FLAG, 0, False),
        (FLAG, np.False_, False),
        (CHOICE, "some", "some"),
        (CHOICE, " none ", "none"),
        (SIZES, "32-64", "32-64"),
        (SIZES, " 32-64-128 ", "32-64-128"),
        (SIZES, "8", "8"),
        (SIZES, 8, "8"),
        (SIZES, "4-512", "4-512"),
        (SIZES, "4-4-4-4-4-4", "4-4-4-4-4-4"),
    ]:
        parsed = param.parse(value)
        assert parsed == expected
        assert type(parsed) is type(param.default)


@pytest.mark.parametrize(
    ("param", "value", "expected"),
    [
        (WHOLE, 0, "`epochs` must be a whole number from 1 to 20. Received: 0."),
        (WHOLE, 21, "from 1 to 20. Received: 21."),
        (WHOLE, 2.5, "a whole number"),
        (WHOLE, "2.5", "Received: '2.5'."),
        (WHOLE, "many", "Received: 'many'."),
        (WHOLE, "", "Received: ''."),
        (WHOLE, None, "Received: None."),
        (WHOLE, [3], "a whole number"),
        (WHOLE, True, "Received: True."),
        (WHOLE, float("nan"), "Received: nan."),
        (WHOLE, float("inf"), "Received: inf."),
        (WHOLE, "1e400", "a whole number"),
        (WHOLE, 10**400, "a whole number"),
        (WHOLE, "9" * 5000, "a whole number"),
        (REAL, 0.91, "`dropout` must be a number from 0 to 0.9. Received: 0.91."),
        (REAL, -1e-9, "from 0 to 0.9"),
        (REAL, False, "Received: False."),
        (REAL, "nan", "Received: 'nan'."),
        (REAL, "-inf", "from 0 to 0.9"),
        (FLAG, "maybe", "`batch_norm` must be true or false. Received: 'maybe'."),
        (FLAG, "", "true or false"),
        (FLAG, None, "Received: None."),
        (FLAG, 2, "Received: 2."),
        (FLAG, 0.5, "Received: 0.5."),
        (FLAG, [True], "true or false"),
        (CHOICE, "all", "`augmentation` must be one of none, some. Received: 'all'."),
        (CHOICE, "None", "one of none, some"),
        (CHOICE, "", "one of none, some"),
        (CHOICE, None, "one of none, some"),
        (CHOICE, 3, "one of none, some"),
        (CHOICE, True, "Received: True."),
        (
            SIZES,
            "3",
            "`filters` must be one to 6 whole numbers from 4 to 512 with hyphens between, such as "
            "32-64. Received: '3'.",
        ),
        (SIZES, "32-513", "Received: '32-513'."),
        (SIZES, "4-4-4-4-4-4-4", "one to 6 whole numbers"),
        (SIZES, "", "Received: ''."),
        (SIZES, "-", "Received: '-'."),
        (SIZES, "-32", "Received: '-32'."),
        (SIZES, "32-", "Received: '32-'."),
        (SIZES, "32--64", "Received: '32--64'."),
        (SIZES, "32 - 64", "with hyphens between"),
        (SIZES, "32,64", "with hyphens between"),
        (SIZES, "32.0", "whole numbers"),
        (SIZES, 32.5, "Received: 32.5."),
        (SIZES, "٣٢", "whole numbers"),
        (SIZES, "3²", "whole numbers"),
        (SIZES, [32, 64], "Received: [32, 64]."),
        (SIZES, None, "Received: None."),
        (SIZES, True, "Received: True."),
        (SIZES, "9" * 5000, "whole numbers from 4 to 512"),
    ],
    ids=lambda value: value.name if isinstance(value, Param) else repr(value)[:20],
)
def test_other_values_are_refused_in_one_sentence(param, value, expected):
    with pytest.raises(ModelError) as caught:
        param.parse(value)
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("only_if", "values", "counts"),
    [
        (None, {}, True),
        (("features", ("pca",)), {"features": "pca"}, True),
        (("features", ("pca",)), {"features": "hog"}, False),
        (("features", ("pca", "hog")), {"features": "hog"}, True),
        (("weight_averaging", (0.0,)), {"weight_averaging": 0.0}, True),
        (("weight_averaging", (0.0,)), {"weight_averaging": 0.9}, False),
        (("features", ("pca",)), {}, False),
    ],
)
def test_a_parameter_counts_beside_certain_others(only_if, values, counts):
    param = Param("components", "Components", 5, "How many.", 1, 9, only_if=only_if)
    assert param.counts(values) is counts


@pytest.mark.parametrize(
    ("text", "expected"), [("32", [32]), ("32-64", [32, 64]), ("8-16-8", [8, 16, 8])]
)
def test_sizes_of_layers_are_read_from_a_text(text, expected):
    assert numbers(text) == expected
