// SPDX-License-Identifier: Apache-2.0
// The shim over libphonenumber. Each function stands in one try block, because an exception that left it would end the
// process; the library can throw only where memory is short. Its one instance guards its caches with its own lock.

#include "CPhoneNumber.h"

#include <cstring>
#include <set>
#include <string>

#include <phonenumbers/phonenumber.pb.h>
#include <phonenumbers/phonenumberutil.h>

using i18n::phonenumbers::PhoneNumber;
using i18n::phonenumbers::PhoneNumberUtil;

namespace {

constexpr size_t longest_national = 17;

template <size_t Capacity>
bool copy(const std::string &from, char (&to)[Capacity]) {
    if (from.size() >= Capacity) return false;
    std::memcpy(to, from.data(), from.size());
    to[from.size()] = '\0';
    return true;
}

/// The library's form of a number whose parts an earlier call gave.
bool assemble(int32_t country_code, const char *national, PhoneNumber *number) {
    const size_t length = std::strlen(national);
    if (length == 0 || length > longest_national) return false;
    uint64_t value = 0;
    for (size_t index = 0; index < length; ++index) {
        if (national[index] < '0' || national[index] > '9') return false;
        value = value * 10 + static_cast<uint64_t>(national[index] - '0');
    }
    number->set_country_code(country_code);
    number->set_national_number(value);
    // The last zero of a number of zeros only is the number itself, which is how the library counts too.
    int zeros = 0;
    while (static_cast<size_t>(zeros) + 1 < length && national[zeros] == '0') ++zeros;
    if (zeros > 0) number->set_italian_leading_zero(true);
    if (zeros > 1) number->set_number_of_leading_zeros(zeros);
    return true;
}

bool describe(const PhoneNumberUtil &library, const PhoneNumber &number, CPhoneParts *out) {
    std::string national, region;
    library.GetNationalSignificantNumber(number, &national);
    library.GetRegionCodeForNumber(number, &region);
    if (region == "ZZ") region.clear();
    out->country_code = number.country_code();
    out->line_type = static_cast<int32_t>(library.GetNumberType(number));
    out->is_valid = library.IsValidNumber(number) ? 1 : 0;
    return copy(national, out->national) && copy(region, out->region);
}

int32_t reason(PhoneNumberUtil::ErrorType error) {
    switch (error) {
    case PhoneNumberUtil::NO_PARSING_ERROR: return CPHONE_OK;
    case PhoneNumberUtil::INVALID_COUNTRY_CODE_ERROR: return CPHONE_UNKNOWN_COUNTRY_CODE;
    case PhoneNumberUtil::TOO_SHORT_AFTER_IDD:
    case PhoneNumberUtil::TOO_SHORT_NSN: return CPHONE_TOO_SHORT;
    case PhoneNumberUtil::TOO_LONG_NSN: return CPHONE_TOO_LONG;
    case PhoneNumberUtil::NOT_A_NUMBER: break;
    }
    return CPHONE_NOT_A_NUMBER;
}

bool is_line_type(int32_t type) {
    return type >= PhoneNumberUtil::FIXED_LINE && type <= PhoneNumberUtil::UNKNOWN;
}

} // namespace

int32_t cphone_parse(const char *text, size_t length, const char *region, CPhoneParts *number) try {
    const PhoneNumberUtil &library = *PhoneNumberUtil::GetInstance();
    PhoneNumber parsed;
    const std::string home = *region == '\0' ? "ZZ" : region;
    const auto result = library.Parse(std::string(text, length), home, &parsed);
    if (result != PhoneNumberUtil::NO_PARSING_ERROR) return reason(result);
    return describe(library, parsed, number) ? CPHONE_OK : CPHONE_TOO_LONG;
} catch (...) {
    return CPHONE_NOT_A_NUMBER;
}

int32_t cphone_is_valid_in(int32_t country_code, const char *national, const char *region) try {
    PhoneNumber number;
    if (!assemble(country_code, national, &number)) return 0;
    return PhoneNumberUtil::GetInstance()->IsValidNumberForRegion(number, region) ? 1 : 0;
} catch (...) {
    return 0;
}

int32_t cphone_is_geographic(int32_t country_code, int32_t line_type) try {
    if (!is_line_type(line_type)) return 0;
    const auto type = static_cast<PhoneNumberUtil::PhoneNumberType>(line_type);
    return PhoneNumberUtil::GetInstance()->IsNumberGeographical(type, country_code) ? 1 : 0;
} catch (...) {
    return 0;
}

int32_t cphone_example(const char *region, int32_t line_type, CPhoneParts *number) try {
    if (!is_line_type(line_type)) return 0;
    const PhoneNumberUtil &library = *PhoneNumberUtil::GetInstance();
    const auto type = static_cast<PhoneNumberUtil::PhoneNumberType>(line_type);
    PhoneNumber example;
    if (!library.GetExampleNumberForType(region, type, &example)) return 0;
    return describe(library, example, number) ? 1 : 0;
} catch (...) {
    return 0;
}

size_t cphone_format(int32_t country_code, const char *national, int32_t style, char *text, size_t capacity) try {
    PhoneNumber number;
    if (!assemble(country_code, national, &number)) return 0;
    const auto format = style == CPHONE_E164            ? PhoneNumberUtil::E164
                        : style == CPHONE_INTERNATIONAL ? PhoneNumberUtil::INTERNATIONAL
                                                        : PhoneNumberUtil::NATIONAL;
    std::string formatted;
    PhoneNumberUtil::GetInstance()->Format(number, format, &formatted);
    if (formatted.size() > capacity) return 0;
    std::memcpy(text, formatted.data(), formatted.size());
    return formatted.size();
} catch (...) {
    return 0;
}

int32_t cphone_country_code(const char *region) try {
    return PhoneNumberUtil::GetInstance()->GetCountryCodeForRegion(region);
} catch (...) {
    return 0;
}

size_t cphone_regions(char *text, size_t capacity) try {
    std::set<std::string> regions;
    PhoneNumberUtil::GetInstance()->GetSupportedRegions(&regions);
    size_t length = 0;
    for (const auto &region : regions) {
        if (region.size() != 2) continue;
        if (length + 2 > capacity) return 0;
        std::memcpy(text + length, region.data(), 2);
        length += 2;
    }
    return length;
} catch (...) {
    return 0;
}
