"""Field types: cells to value and back, and which values are refused."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.forms import nik, reference
from pipeline.forms.layout import FieldType, Kind
from pipeline.forms.types import TYPES, WARNINGS
from pipeline.reasons import VALUE_REASONS

NIKS = [
    ("6311021203789001", None),
    ("6311025507659002", None),
    ("6311024101049003", None),
    ("6311013112539004", None),
    ("6308046008709005", None),
    ("631102120378901", "nik_length"),
    ("63110212037890011", "nik_length"),
    ("6311023102789006", "nik_date"),
    ("6311027203789007", "nik_date"),
    ("6311020013789008", "nik_date"),
    ("6399021203789009", "nik_area_unknown"),
    ("6311021203780000", "nik_serial"),
    ("6311O2I2O378900l", "nik_length"),
    ("9999999999999995", "nik_placeholder"),
    ("6.31102E+15", "nik_length"),
    ("٦٣١١٠٢١٢٠٣٧٨٩٠٠١", "nik_length"),
]


@pytest.mark.parametrize(("number", "reason"), NIKS)
def test_a_nik_is_refused_for_its_reason(number, reason):
    assert TYPES[FieldType.NIK].check(number) == reason


@pytest.mark.parametrize(
    ("number", "born", "sex"),
    [
        ("6311021203789001", date(1978, 3, 12), "L"),
        ("6311025507659002", date(1965, 7, 15), "P"),
        ("6311024101049003", date(2004, 1, 1), "P"),
        ("6311013112539004", date(1953, 12, 31), "L"),
        ("6311026902049005", date(2004, 2, 29), "P"),
    ],
)
def test_a_nik_tells_birth_and_sex(number, born, sex):
    facts = nik.parse(number, date(2026, 11, 24))
    assert facts == nik.NikFacts(number[:6], born, sex)


def test_a_leap_day_of_the_wrong_year_is_no_birth_date():
    assert nik.parse("6311022902039001", date(2026, 11, 24)) is None


def test_a_nik_from_elsewhere_is_no_fault_and_an_unknown_area_only_warns():
    assert nik.parse("6399021203789009") is not None
    assert {"nik_area_unknown", "kk_area_unknown", "kk_date"} == WARNINGS
    assert nik.known_area("9501")
    assert nik.known_area("631102")
    assert nik.known_area("630812"), "a district that went to another regency"
    assert not nik.known_area("631182")
    assert not nik.known_area("631100")


@pytest.mark.parametrize(
    ("number", "fault"),
    [
        ("6311022308239183", None),
        ("6311823008239183", "kk_area_unknown"),
        ("6311023902239183", "kk_date"),
        ("6311022308230000", "kk_length"),
        ("631102230823918", "kk_length"),
    ],
)
def test_a_family_card_tells_where_and_when_it_was_recorded(number, fault):
    assert TYPES[FieldType.KK].check(number) == fault


@pytest.mark.parametrize(
    ("kind", "raw", "value"),
    [
        (FieldType.DATE, "05111978", "1978-11-05"),
        (FieldType.DATE, "29022023", None),
        (FieldType.DATE, " 5111978", None),
        (FieldType.DATE, "        ", None),
        (FieldType.COUNT, "  7", "7"),
        (FieldType.COUNT, "7  ", "7"),
        (FieldType.COUNT, "007", "7"),
        (FieldType.COUNT, "000", "0"),
        (FieldType.COUNT, "   ", None),
        (FieldType.MONEY, "  300000", "300000"),
        (FieldType.CODE, "04", "04"),
        (FieldType.PHONE, "081234567890 ", "081234567890"),
        (FieldType.NAME, " SITI   AISYAH  ", "SITI AISYAH"),
        (FieldType.NAME, "   ", None),
    ],
)
def test_cells_become_a_value(kind, raw, value):
    assert TYPES[kind].normalise(raw) == value


@pytest.mark.parametrize(
    ("kind", "raw", "reason"),
    [
        (FieldType.DATE, "31042020", "not_a_date"),
        (FieldType.DATE, "01011899", "date_out_of_range"),
        (FieldType.DATE, "        ", None),
        (FieldType.KK, "631102120378900 ", "kk_length"),
        (FieldType.PHONE, "081234567890 ", None),
        (FieldType.PHONE, "991234567890 ", "phone_invalid"),
        (FieldType.VILLAGE, "2005", None),
        (FieldType.VILLAGE, "2006", "village_unknown"),
        (FieldType.NAME, " . - ", "no_letters"),
    ],
)
def test_a_fault_has_a_sentence(kind, raw, reason):
    assert TYPES[kind].fault(raw) == reason
    assert reason is None or reason in VALUE_REASONS


@given(st.dates(min_value=date(1900, 1, 1), max_value=date(2100, 12, 31)))
def test_dates_survive_the_paper(day):
    rules = TYPES[FieldType.DATE]
    assert rules.normalise(rules.to_cells(day.isoformat(), 8)) == day.isoformat()


@given(
    st.sampled_from([FieldType.COUNT, FieldType.MONEY, FieldType.NUMBER]),
    st.integers(0, 10**8 - 1),
    st.data(),
)
def test_numbers_may_stand_anywhere_in_their_cells(kind, number, data):
    rules = TYPES[kind]
    written = rules.to_cells(str(number), 10).strip()
    left = data.draw(st.integers(0, 10 - len(written)))
    assert rules.normalise((" " * left + written).ljust(10)) == str(number)


@given(
    st.sampled_from([FieldType.NAME, FieldType.PLACE, FieldType.TEXT]),
    st.lists(st.text("ABCXYZ.,'-", min_size=1, max_size=7), min_size=1, max_size=3).map(" ".join),
)
def test_words_survive_the_paper(kind, words):
    rules = TYPES[kind]
    assert rules.normalise(rules.to_cells(words, 24)) == words


@given(
    st.sampled_from([kind for kind in FieldType if TYPES[kind].kind is Kind.COMB]),
    st.text("0123456789ABCZ .,'-/", max_size=20),
)
def test_normalising_is_stable(kind, raw):
    rules = TYPES[kind]
    value = rules.normalise(raw)
    if value is not None and kind is not FieldType.DATE:
        assert rules.normalise(value) == value
    assert (rules.fault(raw) is None) or raw.strip()


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="SITI"):
        TYPES[FieldType.NAME].to_cells("SITI", 3)
    with pytest.raises(ValueError, match="12A"):
        TYPES[FieldType.COUNT].to_cells("12A", 3)


@pytest.mark.parametrize("code", ["2005", "6311022005", "63.11.02.2005"])
def test_a_village_is_known_by_every_way_of_writing_its_code(code):
    village = reference.village(code)
    assert village is not None
    assert (village.name, village.short) == ("Halong", "2005")


@pytest.mark.parametrize("code", ["2007", "6311012005", "2005x", "", "63110220051"])
def test_other_codes_are_no_village_of_this_office(code):
    assert reference.village(code) is None


def test_word_lists_hold_only_what_their_cells_can():
    for name, kind in (
        ("names", FieldType.NAME),
        ("places", FieldType.PLACE),
        ("occupations", FieldType.TEXT),
    ):
        assert all(set(word) <= set(TYPES[kind].alphabet) for word in reference.words(name))
    with pytest.raises(KeyError):
        reference.words("unknown")
