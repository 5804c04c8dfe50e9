"""Territories: the ISO 3166-1 alpha-2 codes that consents and uses name, and groups of them.

The codes are those officially assigned, as the time zone database lists them (``iso3166.tab``).
"""

from __future__ import annotations

WORLD = "WORLD"

_CODES = """
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO
    BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ
    DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP
    GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG
    KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML
    MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE
    PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL
    SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM
    US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
"""
TERRITORIES = frozenset(_CODES.split())

_EU_CODES = "AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE"

# Unions that records name as one place: their members since 1 February 2020.
GROUPS = {
    "EU": tuple(sorted(_EU_CODES.split())),
    "EEA": tuple(sorted(f"{_EU_CODES} IS LI NO".split())),
}


def territories(code: str) -> tuple[str, ...]:
    """Return the territories that `code` stands for: itself, or the members of a union.

    Raises:
        ValueError: There is no such territory.

    >>> territories("DE"), len(territories("EU"))
    (('DE',), 27)
    """
    if code in TERRITORIES or code == WORLD:
        return (code,)
    if code in GROUPS:
        return GROUPS[code]
    raise ValueError(f"{code!r} is no ISO 3166-1 code, WORLD, EU or EEA")
