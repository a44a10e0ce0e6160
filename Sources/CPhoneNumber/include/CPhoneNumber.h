// SPDX-License-Identifier: Apache-2.0
// What Parley uses of libphonenumber, as C. Nothing here throws or keeps a pointer it was given, every function may be
// called from any thread, and texts are ASCII: the caller has reduced them to digits and at most one leading "+".

#ifndef PARLEY_CPHONENUMBER_H
#define PARLEY_CPHONENUMBER_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Why a text is no number.
static const int32_t CPHONE_OK = 0;
static const int32_t CPHONE_NOT_A_NUMBER = 1;
static const int32_t CPHONE_UNKNOWN_COUNTRY_CODE = 2;
static const int32_t CPHONE_TOO_SHORT = 3;
static const int32_t CPHONE_TOO_LONG = 4;

/// How a number is written.
static const int32_t CPHONE_E164 = 0;
static const int32_t CPHONE_INTERNATIONAL = 1;
static const int32_t CPHONE_NATIONAL = 2;

/// A number that was understood; it need not be valid. The texts end with a zero byte.
typedef struct {
    int32_t country_code;
    /// PhoneNumberUtil::PhoneNumberType: 0 FIXED_LINE to 11 UNKNOWN.
    int32_t line_type;
    /// 1 where the number plan of its country has it.
    int32_t is_valid;
    /// The national significant number with the leading zeros that count; at most 17 digits.
    char national[24];
    /// ISO 3166-1 alpha-2, "001" for a country code of no country, "" where unknown.
    char region[8];
} CPhoneParts;

/// Reads `length` bytes of `text`, dialled in `region` ("" for none: the text then begins with "+").
/// Returns CPHONE_OK or the reason; `number` is written for CPHONE_OK alone.
int32_t cphone_parse(const char *text, size_t length, const char *region, CPhoneParts *number);

/// 1 if the number plan of `region` has this number, 0 if not. A number may be of several regions: +1 800 is.
int32_t cphone_is_valid_in(int32_t country_code, const char *national, const char *region);

/// 1 if a number of this type (as in CPhoneParts) says where in the country it is.
int32_t cphone_is_geographic(int32_t country_code, int32_t line_type);

/// An example of this type (as in CPhoneParts) in a region; returns 1 if there is one.
int32_t cphone_example(const char *region, int32_t line_type, CPhoneParts *number);

/// Writes the number in a style, without a zero byte, and returns its length, or 0 where `capacity` is too small.
size_t cphone_format(int32_t country_code, const char *national, int32_t style, char *text, size_t capacity);

/// The country code of a region, 0 where the library does not know the region.
int32_t cphone_country_code(const char *region);

/// Writes all regions the library knows in ascending order, two letters each, without separators.
/// Returns the length, or 0 where `capacity` is too small.
size_t cphone_regions(char *text, size_t capacity);

#ifdef __cplusplus
}
#endif

#endif
