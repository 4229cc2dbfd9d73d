"""ISO 4217: the currencies in use, and the number of decimals of each.

These are all codes of list one (2026-01-01) that have minor units; a test compares. Metals, units
of account, and the codes for tests and for no currency have none, so no amount can be given in
them. Withdrawn codes are not in the list. Units such as CLF, in which Chile states house prices,
are included.
"""

from typing import Final

_WITHOUT_DECIMALS: Final = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_WITH_THREE: Final = "BHD IQD JOD KWD LYD OMR TND"
_WITH_FOUR: Final = "CLF UYW"
_WITH_TWO: Final = (
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD "
    "CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS "
    "GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD "
    "LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB "
    "PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP "
    "SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW "
    "ZWG"
)

DECIMALS: Final[dict[str, int]] = {
    code: decimals
    for decimals, codes in (
        (0, _WITHOUT_DECIMALS),
        (2, _WITH_TWO),
        (3, _WITH_THREE),
        (4, _WITH_FOUR),
    )
    for code in codes.split()
}


def known(code: str) -> str:
    """Return the code of a currency in use.

    Raises:
        ValueError: the currency does not exist.
    """
    if code not in DECIMALS:
        raise ValueError("send the ISO 4217 code of a currency, e.g. EUR")
    return code
