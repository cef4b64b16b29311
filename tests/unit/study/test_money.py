"""Money: amounts are counted in the smallest unit and written as the study's people read them."""

import re

import pytest

import instructions
from sessions.pay.receipt import session_lines, statement_text
from sessions.pay.statement import settle, statement
from study.config.money import CURRENCIES, Money
from study.config.study import Study, StudyConfig, parse_config
from study.errors import ConfigError, StoreError
from study.store import studies, transaction
from tests.worlds.studies import AT, add_candidates, enrol, new_study, rate


@pytest.mark.parametrize(
    ("currency", "language", "amount", "written"),
    [
        ("GBP", "en", 10, "10p"),
        ("GBP", "en", 123456, "£1,234.56"),
        ("GBP", "de", 10, "0,10 £"),
        ("EUR", "en", 5, "€0.05"),
        ("EUR", "de", 123456, "1.234,56 €"),
        ("EUR", "fr", 123456, "1 234,56 €"),
        ("EUR", "nl", 600, "€ 6,00"),
        ("EUR", "en", -150, "-€1.50"),
        ("JPY", "en", 1200, "¥1,200"),
        ("KRW", "en", 50, "KRW 50"),
        ("KWD", "en", 1250, "KWD 1.250"),
        ("CHF", "en", 0, "CHF 0.00"),
    ],
)
def test_amounts_have_the_decimals_of_their_currency_and_the_signs_of_their_language(
    currency, language, amount, written
):
    assert Money(currency, language)(amount).replace("\N{NO-BREAK SPACE}", " ") == written


@pytest.mark.parametrize("currency", sorted(CURRENCIES))
def test_every_currency_can_be_written_and_read_back(currency):
    money = Money(currency)
    digits = re.sub(r"\D", "", money(123_456_789))
    assert int(digits) == 123_456_789
    assert 0 <= money.n_decimals <= 3


@pytest.mark.parametrize("wrong", ["ERU", "eur", "EURO", ""])
def test_a_code_that_is_no_currency_is_refused(wrong):
    with pytest.raises(ConfigError, match="is not the code of a currency"):
        parse_config(f'currency = "{wrong}"', "study.toml")


@pytest.mark.parametrize(
    ("currency", "rate", "bonus"),
    [("EUR", "€12.00", "€0.20"), ("JPY", "¥1,200", "¥20"), ("KWD", "KWD 1.200", "KWD 0.020")],
)
def test_all_texts_follow_the_currency(tmp_path, currency, rate, bonus):
    config = StudyConfig.model_validate(
        {"currency": currency, "protocol": {"hourly_rate_pence": 1200, "bonus_pence": 20}}
    )
    words = instructions.placeholders_of(Study(tmp_path, config), 41)
    assert plain(words["hourly_rate"], words["bonus"]) == f"{rate} {bonus}"
    _, engine = new_study(tmp_path, hourly_rate_pence=1200, bonus_pence=20)
    with transaction(engine) as db:
        (clip,) = add_candidates(db, 1, ("barking",))
        enrol(db, "P01")
        rate_of_one_minute(db, clip)
        earned = statement(db, "P01", config.protocol)
    engine.dispose()
    text = plain(statement_text(earned, Study(tmp_path, config)))
    lines = plain(*session_lines(earned, config.money, is_settled_here=True))
    assert f"Rate: {rate} per hour" in text
    assert f"bonus {bonus}" in lines
    assert "£" not in text + lines


def rate_of_one_minute(db, clip):
    rate(db, "P01", {clip: 3}, bonus_pence=20, minutes=1)


def plain(*texts):
    return " ".join(map(str, texts)).replace("\N{NO-BREAK SPACE}", " ")


def test_a_currency_cannot_be_changed_after_the_first_payment(tmp_path):
    study, engine = new_study(tmp_path)
    euros = Study(study.folder, study.config.model_copy(update={"currency": "EUR"}))
    with transaction(engine) as db:
        (clip,) = add_candidates(db, 1, ("barking",))
        enrol(db, "P01")
        rate_of_one_minute(db, clip)
        studies.identity(db, euros)
        settle(db, "P01", euros.config.protocol, paid_by="AB", at=AT, currency="EUR")
        studies.identity(db, euros)
        with pytest.raises(StoreError, match=r'paid in EUR, .* currency = "EUR"'):
            studies.identity(db, study)
    engine.dispose()
