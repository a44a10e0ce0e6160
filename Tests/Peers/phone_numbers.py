#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares our phone numbers with those of phonenumbers (PyPI), the Python port of the library behind ours.

Every example number it carries is asked for in each form a person may write it in, of every region and type, the ones
of no country, the invalid ones and the short ones among them; then come random mutations of all of these, with the
right region, a wrong one and none. Country code, national number, region, line type, validity, both formats and the
holder of the range must be the same, and so must the reason where a text is no number.

    python3 phone_numbers.py --probe .build/debug/PhoneNumberProbe --count 20000 --seed 1

The last line is "N passed, M failed"; the exit code is 1 if anything differs.
"""
import argparse
import json
import random
import subprocess
import sys
import threading

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType, carrier, shortnumberinfo

TYPES = {
    PhoneNumberType.FIXED_LINE: "fixedLine",
    PhoneNumberType.MOBILE: "mobile",
    PhoneNumberType.FIXED_LINE_OR_MOBILE: "fixedLineOrMobile",
    PhoneNumberType.TOLL_FREE: "tollFree",
    PhoneNumberType.PREMIUM_RATE: "premiumRate",
    PhoneNumberType.SHARED_COST: "sharedCost",
    PhoneNumberType.VOIP: "voIP",
    PhoneNumberType.PERSONAL_NUMBER: "personalNumber",
    PhoneNumberType.PAGER: "pager",
    PhoneNumberType.UAN: "uan",
    PhoneNumberType.VOICEMAIL: "voicemail",
    PhoneNumberType.UNKNOWN: "unknown",
}
ERRORS = {
    phonenumbers.NumberParseException.INVALID_COUNTRY_CODE: "unknownCountryCode",
    phonenumbers.NumberParseException.NOT_A_NUMBER: "notANumber",
    phonenumbers.NumberParseException.TOO_SHORT_AFTER_IDD: "tooShort",
    phonenumbers.NumberParseException.TOO_SHORT_NSN: "tooShort",
    phonenumbers.NumberParseException.TOO_LONG: "tooLong",
}
PUNCTUATION = " -./()[]\u00a0\u2010\u2013\u2212\u3000\uff0d"
DIGITS = "0123456789"
OTHER_DIGITS = "٠١٢٣٤٥٦٧٨٩０１２３４５６７８９"


# What phonenumbers says

def described(number) -> dict:
    region = phonenumbers.region_code_for_number(number)
    national = phonenumbers.national_significant_number(number)
    return {
        "digits": f"{number.country_code}{national}",
        "countryCode": number.country_code,
        "nationalNumber": national,
        "region": None if region == "001" else region,
        "lineType": TYPES[phonenumbers.number_type(number)],
        "isValid": phonenumbers.is_valid_number(number),
        "international": phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL),
        "national": phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL),
        "operatorName": carrier.name_for_number(number, "en") or None,
    }


def read(text: str, region: str | None):
    """The number, or the name of the reason why it is none."""
    try:
        return phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException as error:
        return ERRORS[error.error_type]


def valid(number) -> bool:
    return not isinstance(number, str) and phonenumbers.is_valid_number(number)


def choose(text: str, region: str | None):
    """The rule of PhoneNumber(parsing:region:), over phonenumbers."""
    strange = any(not c.isdecimal() and c not in PUNCTUATION and c != "+" for c in text)
    if strange or "+" in text.lstrip(PUNCTUATION)[1:]:
        return "notANumber"  # phonenumbers would read letters as digits and cut words and extensions off
    digits = "".join(str(int(c)) for c in text if c.isdecimal())
    if len(digits) < 3:
        text = "+" * text.count("+") + digits  # phonenumbers reads "55" and, by the letter of its pattern, not "5 5"
    if "+" in text:
        international, form = read(text, None), "plus"
    elif digits.startswith("00"):
        international, form = read("+" + digits[2:], None), "zeros"
    else:
        international, form = read("+" + digits, None), "bare"
    if region is None or form == "plus":
        chosen = international
    else:
        national = read(text, region)
        at_home = valid(international) and phonenumbers.is_valid_number_for_region(international, region)
        if at_home or (form == "zeros" and valid(international)):
            chosen = international
        elif valid(national):
            chosen = national
        elif valid(international):
            chosen = international
        else:
            chosen = international if form == "zeros" else national
    if region is None or isinstance(chosen, str):
        return chosen
    if chosen.country_code != phonenumbers.country_code_for_region(region):
        return "regionMismatch"
    if valid(chosen) and not phonenumbers.is_valid_number_for_region(chosen, region):
        return "regionMismatch"
    return chosen


# The questions: a text and a region

def examples() -> list:
    """(number, region) for every example number there is."""
    found = []
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        for kind in TYPES:
            if number := phonenumbers.example_number_for_type(region, kind):
                found.append((number, region))
        if number := phonenumbers.phonenumberutil.invalid_example_number(region):
            found.append((number, region))
    for code in sorted(phonenumbers.COUNTRY_CODES_FOR_NON_GEO_REGIONS):
        # The general one is of one type; metadata have an example of each.
        metadata = phonenumbers.PhoneMetadata.metadata_for_nongeo_region(code)
        for name in vars(type(metadata)).get("__slots__", ()) or vars(metadata):
            example = getattr(getattr(metadata, name, None), "example_number", None)
            if example:
                found.append((phonenumbers.parse(f"+{code}{example}", None), None))
    return found


def written(number, region: str | None) -> list:
    """(text, region) of a number in every form."""
    e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    international = phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL)
    forms = [(e164, None), (international, None), ("00" + e164[1:], None), (e164[1:], None)]
    if region is not None:
        national = phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)
        bare = phonenumbers.national_significant_number(number)
        forms += [(e164, region), ("00" + e164[1:], region), (e164[1:], region.lower())]
        forms += [(national, region), (bare, region)]
    return forms


def short_numbers() -> list:
    found = []
    for region in sorted(phonenumbers.SUPPORTED_SHORT_REGIONS):
        texts = {shortnumberinfo._example_short_number(region)}
        for cost in (0, 1, 2, 3):
            texts.add(shortnumberinfo._example_short_number_for_cost(region, cost))
        found += [(text, region if region in phonenumbers.SUPPORTED_REGIONS else None) for text in sorted(texts - {""})]
    return found


def mutated(rng: random.Random, text: str) -> str:
    characters = list(text)
    for _ in range(rng.choice([1, 1, 2, 3])):
        at = rng.randrange(len(characters) + 1)
        action = rng.randrange(6)
        if action == 0 and characters:
            del characters[min(at, len(characters) - 1)]
        elif action == 1:
            characters.insert(at, rng.choice(DIGITS))
        elif action == 2 and characters:
            characters[min(at, len(characters) - 1)] = rng.choice(DIGITS)
        elif action == 3:
            characters.insert(at, rng.choice(PUNCTUATION))
        elif action == 4 and characters:
            del characters[at:]
        else:
            characters.insert(at, rng.choice(OTHER_DIGITS + "+xaB;#~") if rng.random() < 0.3 else rng.choice(DIGITS))
    return "".join(characters)


def questions(count: int, seed: int) -> list:
    forms = [form for number, region in examples() for form in written(number, region)]
    rng = random.Random(seed)
    regions = sorted(phonenumbers.SUPPORTED_REGIONS)
    mutations = []
    for _ in range(count):
        text, region = rng.choice(forms)
        mutations.append((mutated(rng, text), rng.choice(regions) if rng.random() < 0.15 else region))
    return forms + short_numbers() + mutations


def differences(asked: list, probe: str) -> int:
    process = subprocess.Popen([probe], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8")

    def feed() -> None:
        for question in asked:
            process.stdin.write(json.dumps(question) + "\n")
        process.stdin.close()

    threading.Thread(target=feed, daemon=True).start()
    failed = 0
    for text, region in asked:
        expected = choose(text, region and region.upper())
        wanted = {"error": expected} if isinstance(expected, str) else described(expected)
        wanted = {key: value for key, value in wanted.items() if value is not None}
        actual = json.loads(process.stdout.readline() or "{}")
        if actual != wanted:
            failed += 1
            if failed <= 5:
                print(f"{text!r} with {region} differs:", file=sys.stderr)
                print(f"  ours         {actual}\n  phonenumbers {wanted}", file=sys.stderr)
    process.wait()
    return failed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--probe", required=True, help="path of the PhoneNumberProbe binary")
    parser.add_argument("--count", type=int, default=20_000, help="of mutations")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    asked = questions(arguments.count, arguments.seed)
    failed = differences(asked, arguments.probe)
    print(f"{len(asked) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
