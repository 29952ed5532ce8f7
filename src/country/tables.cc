// SPDX-License-Identifier: Apache-2.0
// The numbering plans of all countries: libphonenumber, and the only file that knows it, or C++.
#include "country/country_int.h"

#include <phonenumbers/phonenumberutil.h>
#include <phonenumbers/shortnumberinfo.h>

#include <cstdio>
#include <list>
#include <string>

using i18n::phonenumbers::PhoneNumber;
using i18n::phonenumbers::PhoneNumberUtil;
using i18n::phonenumbers::ShortNumberInfo;

namespace
{

const char not_known[] = "ZZ"; // the library's name for no region

PhoneNumberUtil &numbers()
{
    return *PhoneNumberUtil::GetInstance();
}

const ShortNumberInfo &short_numbers()
{
    static const ShortNumberInfo info;
    return info;
}

// Takes a +E.164 number apart. The library's parser weighs many notations up, at twice the cost of
// all the rest; here is only one.
bool read_e164(const char *e164, PhoneNumber *number)
{
    const std::string digits = e164 + 1;
    for (size_t count = 1; count <= 3 && count < digits.size(); count++) {
        const int code = std::stoi(digits.substr(0, count));
        const std::string national = digits.substr(count);
        std::string region;
        numbers().GetRegionCodeForCountryCode(code, &region);
        if (region == not_known) continue;
        const size_t zeros = national.find_first_not_of('0'); // Italian numbers keep theirs
        if (zeros == std::string::npos) return false;
        number->set_country_code(code);
        number->set_national_number(std::stoull(national));
        if (zeros > 0) number->set_italian_leading_zero(true);
        if (zeros > 1) number->set_number_of_leading_zeros(static_cast<int>(zeros));
        return true;
    }
    return false;
}

// "001" is the library's region of numbers that belong to no country.
bool put_region(const std::string &found, char region[REGION_SIZE])
{
    bool is_found = found.size() == 2 && found != not_known;
    std::snprintf(region, REGION_SIZE, "%s", is_found ? found.c_str() : "");
    return is_found;
}

// Digits that make no number may still be charged: networks connect what is complete and ignore
// the rest.
PhoneNumberUtil::PhoneNumberType type_of(const PhoneNumber &number)
{
    PhoneNumberUtil::PhoneNumberType type = numbers().GetNumberType(number);
    PhoneNumber shorter = number;
    if (type != PhoneNumberUtil::UNKNOWN) return type;
    return numbers().TruncateTooLongNumber(&shorter) ? numbers().GetNumberType(shorter) : type;
}

} // namespace

void tables_find_region(const char *country_code, const char *own, char region[REGION_SIZE])
{
    std::string largest, found;
    std::list<std::string> sharing;
    PhoneNumber number;
    region[0] = '\0';
    if (!*country_code) return;
    const int code = std::stoi(country_code);
    numbers().GetRegionCodeForCountryCode(code, &largest);
    numbers().GetRegionCodesForCountryCallingCode(code, &sharing);
    if (sharing.size() > 1 && read_e164(own, &number)) {
        numbers().GetRegionCodeForNumber(number, &found);
    }
    if (!put_region(found, region)) put_region(largest, region);
}

bool tables_is_emergency(const char *digits, const char *region)
{
    return short_numbers().IsEmergencyNumber(digits, region);
}

bool tables_connects_to_emergency(const char *digits, const char *region)
{
    return short_numbers().ConnectsToEmergencyNumber(digits, region);
}

bool tables_is_premium_short(const char *digits, const char *region)
{
    PhoneNumber number;
    return numbers().Parse(digits, region, &number) == PhoneNumberUtil::NO_PARSING_ERROR &&
           short_numbers().GetExpectedCostForRegion(number, region) ==
               ShortNumberInfo::PREMIUM_RATE;
}

struct tables_number tables_look_up(const char *e164)
{
    struct tables_number result = {};
    PhoneNumber number;
    std::string region;
    result.is_known = read_e164(e164, &number);
    if (!result.is_known) return result;
    const PhoneNumberUtil::PhoneNumberType type = type_of(number);
    numbers().GetRegionCodeForNumber(number, &region);
    put_region(region, result.region);
    result.is_premium = type == PhoneNumberUtil::PREMIUM_RATE;
    result.is_mobile = type == PhoneNumberUtil::MOBILE;
    return result;
}
