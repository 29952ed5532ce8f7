# SPDX-License-Identifier: Apache-2.0
# The libraries that the layers use, all from Debian 12 (tools/packages).
find_package(PkgConfig REQUIRED)
pkg_check_modules(uv REQUIRED IMPORTED_TARGET libuv)
pkg_check_modules(crypto REQUIRED IMPORTED_TARGET libcrypto)
pkg_check_modules(ssl REQUIRED IMPORTED_TARGET libssl)
pkg_check_modules(unbound REQUIRED IMPORTED_TARGET libunbound)
pkg_check_modules(websockets REQUIRED IMPORTED_TARGET libwebsockets)
pkg_check_modules(jansson REQUIRED IMPORTED_TARGET jansson)
pkg_check_modules(sodium REQUIRED IMPORTED_TARGET libsodium)
pkg_check_modules(sqlite REQUIRED IMPORTED_TARGET sqlite3)
pkg_check_modules(config REQUIRED IMPORTED_TARGET libconfig)
pkg_check_modules(systemd REQUIRED IMPORTED_TARGET libsystemd)
pkg_check_modules(icu REQUIRED IMPORTED_TARGET icu-i18n)
pkg_check_modules(curl REQUIRED IMPORTED_TARGET libcurl)
# libcsv comes without a pkg-config file.
find_path(csv_include csv.h REQUIRED)
find_library(csv_library csv REQUIRED)
add_library(PkgConfig::csv INTERFACE IMPORTED)
set_target_properties(PkgConfig::csv PROPERTIES
    INTERFACE_INCLUDE_DIRECTORIES ${csv_include} INTERFACE_LINK_LIBRARIES ${csv_library})
# libphonenumber comes without a pkg-config file.
find_path(phonenumber_include phonenumbers/phonenumberutil.h REQUIRED)
find_library(phonenumber_library phonenumber REQUIRED)
add_library(PkgConfig::phonenumber INTERFACE IMPORTED)
set_target_properties(PkgConfig::phonenumber PROPERTIES
    INTERFACE_INCLUDE_DIRECTORIES ${phonenumber_include}
    INTERFACE_LINK_LIBRARIES ${phonenumber_library})
if(BUILD_TESTING)
    pkg_check_modules(cmocka REQUIRED IMPORTED_TARGET cmocka)
endif()
