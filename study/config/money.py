"""Amounts of money as people read them; they are stored and counted in the smallest unit.

Babel knows this for every language and weighs 30 MB in every role; a study has one currency and
the languages of its texts.
"""

from dataclasses import dataclass

# ISO 4217: the currencies in use, and those whose smallest unit is not a hundredth.
_CODES = """
AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD
CAD CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP
GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD
KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN
NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP
SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES
VND VUV WST XAF XCD XOF XPF YER ZAR ZMW
"""
CURRENCIES = frozenset(_CODES.split())
_WITHOUT_PARTS = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
_IN_THOUSANDTHS = "BHD IQD JOD KWD LYD OMR TND"
_DECIMALS = dict.fromkeys(_WITHOUT_PARTS.split(), 0)
_DECIMALS |= dict.fromkeys(_IN_THOUSANDTHS.split(), 3)
_SIGNS = {"EUR": "€", "GBP": "£", "JPY": "¥", "USD": "$"}
_NBSP = "\N{NO-BREAK SPACE}"
# Thousands and decimals; whether the sign stands behind the amount.
_WRITTEN = {"de": (".", ",", True), "fr": (_NBSP, ",", True), "nl": (".", ",", False)}
_AS_IN_ENGLISH = (",", ".", False)


@dataclass(frozen=True, slots=True)
class Money:
    r"""Write amounts of one currency in one language.

    Parameters
    ----------
    currency : str
        A code of ISO 4217.
    language : str
        Of the texts in which the amounts stand.

    Examples
    --------
    >>> pounds = Money("GBP")
    >>> pounds(10), pounds(600), pounds(-150)
    ('10p', '£6.00', '-£1.50')
    >>> Money("EUR")(10), Money("JPY")(1200), Money("KWD")(1250)
    ('€0.10', '¥1,200', 'KWD\xa01.250')
    """

    currency: str
    language: str = "en"

    @property
    def n_decimals(self) -> int:
        """How many digits stand behind the point."""
        return _DECIMALS.get(self.currency, 2)

    def __call__(self, amount: int) -> str:
        """Return an amount of the smallest unit (pence, cents, yen) in words and signs."""
        thousands, point, sign_last = _WRITTEN.get(self.language, _AS_IN_ENGLISH)
        minus, size = "-" if amount < 0 else "", abs(int(amount))
        if self.currency == "GBP" and self.language == "en" and size < 100:
            return f"{minus}{size}p"
        whole, rest = divmod(size, 10**self.n_decimals)
        digits = f"{whole:,}".replace(",", thousands)
        if self.n_decimals:
            digits += f"{point}{rest:0{self.n_decimals}}"
        sign = _SIGNS.get(self.currency, self.currency)
        if sign_last:
            return f"{minus}{digits}{_NBSP}{sign}"
        gap = _NBSP if len(sign) > 1 or self.language == "nl" else ""
        return f"{minus}{sign}{gap}{digits}"
