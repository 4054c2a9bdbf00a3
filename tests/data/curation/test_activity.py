import pytest

from yaokit.core.errors import UsageError
from yaokit.core.reasons import Failure
from yaokit.data.curation.activity import Measured, has_decimal_commas, known_unit, parse_value


@pytest.mark.parametrize(
    ("cell", "unit", "expected"),
    [
        ("1000", "nM", 6.0),
        ("1", "uM", 6.0),
        ("1", "µM", 6.0),
        ("1", "μM", 6.0),  # the Greek letter
        ("1e-3", "mM", 6.0),
        ("0.000001", "M", 6.0),
        ("1000000", "pM", 6.0),
        ("1,000", "nM", 6.0),
        ("1 uM", "nM", 6.0),
        ("1000 nmol/L", "nM", 6.0),
        ("6.0", "p", 6.0),
        ("−2.5", "none", -2.5),
        ("55", "%", 55.0),
        ("55 %", "%", 55.0),
    ],
)
def test_units_reach_the_scale(cell, unit, expected):
    assert parse_value(cell, unit) == Measured(pytest.approx(expected), "=")


@pytest.mark.parametrize(
    ("cell", "unit", "relation", "expected"),
    [
        ("> 10000", "nM", None, Measured(5.0, "<")),
        ("<=10", "uM", None, Measured(5.0, ">")),
        ("10000", "nM", ">", Measured(5.0, "<")),
        ("10000", "nM", "'>'", Measured(5.0, "<")),  # as ChEMBL exports it
        (">5", "p", "=", Measured(5.0, ">")),
        ("~5", "p", None, Measured(5.0, "=")),
        ("≥5", "none", None, Measured(5.0, ">")),
    ],
)
def test_concentrations_flip_the_relation(cell, unit, relation, expected):
    found = parse_value(cell, unit, relation)
    assert isinstance(found, Measured)
    assert (found.relation, found.value) == (expected.relation, pytest.approx(expected.value))


@pytest.mark.parametrize("cell", [None, "", "  ", "NA", "n/a", "NaN", "n.d.", "-"])
def test_cells_without_a_value_are_missing(cell):
    assert parse_value(cell, "nM") is None


@pytest.mark.parametrize(
    ("cell", "unit", "code"),
    [
        ("inactive", "nM", "VALUE_TEXT"),
        ("5-Mar", "p", "VALUE_TEXT"),
        ("10-20", "nM", "VALUE_TEXT"),
        ("1.2.3", "p", "VALUE_TEXT"),
        ("1,23,4", "p", "VALUE_TEXT"),
        ("0", "nM", "VALUE_RANGE"),
        ("-5", "uM", "VALUE_RANGE"),
        ("1e999", "p", "VALUE_RANGE"),
        ("5 nM", "p", "UNIT"),
        ("5 %", "nM", "UNIT"),
        ("5", "ug/mL", "UNIT"),
        ("5 apples", "nM", "VALUE_TEXT"),
    ],
)
def test_unusable_cells_give_their_reason(cell, unit, code):
    found = parse_value(cell, unit)
    assert isinstance(found, Failure)
    assert found.code == code


def test_an_unknown_relation_is_no_value():
    found = parse_value("5", "p", "about")
    assert isinstance(found, Failure)
    assert found.code == "VALUE_TEXT"


def test_decimal_commas_are_told_from_thousands():
    assert has_decimal_commas(["5,31", "1,234"])
    assert has_decimal_commas(["0,123", None])
    assert not has_decimal_commas(["1,234", "12,345,678", "5.3", ""])
    assert parse_value("1,234", "p", decimal_comma=True) == Measured(1.234, "=")
    assert parse_value("1,234", "none") == Measured(1234.0, "=")


def test_units_have_one_spelling():
    assert [known_unit(u) for u in ("nm", "µM", "M", "pM", "P", "", "percent")] == [
        *("nM", "uM", "M", "pM", "p", "none", "%")
    ]
    with pytest.raises(UsageError, match="unknown unit 'mg'; choose one of: p, pM, nM"):
        known_unit("mg")


@pytest.mark.parametrize(
    ("cell", "unit", "settings", "expected"),
    [
        ("5.2 ± 0.3", "p", {}, Measured(5.2, "=")),
        ("5.2+/-0.3 uM", "nM", {}, Measured(pytest.approx(5.28399666), "=")),
        ("1.234,5", "nM", {"decimal_comma": True}, Measured(pytest.approx(5.90850891), "=")),
        ("ca. 5", "p", {}, Measured(5.0, "=")),
        (">> 10", "uM", {}, Measured(5.0, "<")),
    ],
)
def test_cells_as_people_write_them(cell, unit, settings, expected):
    assert parse_value(cell, unit, **settings) == expected


@pytest.mark.parametrize(
    ("cell", "unit", "code", "told"),
    [
        ("1-3 uM", "nM", "VALUE_TEXT", "second half of a range"),
        ("1 to 3", "nM", "VALUE_TEXT", "second half of a range"),
        ("-3.5", "p", "VALUE_RANGE", "is the unit right"),
        ("1,234", "p", "VALUE_RANGE", "is the comma a decimal point"),
        ("5 ug/mL", "nM", "UNIT", "molecular weight"),
        ("1_000", "nM", "VALUE_TEXT", "no known unit"),
        ("３", "p", "VALUE_TEXT", "not a number"),
    ],
)
def test_what_could_be_read_wrongly_is_refused_with_advice(cell, unit, code, told):
    found = parse_value(cell, unit)
    assert isinstance(found, Failure)
    assert found.code == code
    assert told in found.message


def test_a_point_among_decimal_commas_is_not_guessed():
    assert has_decimal_commas(["1.234,5"])
    found = parse_value("1.234", "nM", decimal_comma=True)
    assert isinstance(found, Failure)
    assert "thousands" in found.message
