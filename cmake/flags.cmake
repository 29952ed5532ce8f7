# SPDX-License-Identifier: Apache-2.0
# Compiler flags that every target shares, by way of the interface library lineward_flags;
# lineward_plain_flags are the same without sanitizers.
set(LINEWARD_SANITIZE "" CACHE STRING
    "Sanitizers: address;undefined, thread, fuzzer;address;undefined, or empty")

set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_CXX_STANDARD 17)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

add_library(lineward_plain_flags INTERFACE)
target_compile_definitions(lineward_plain_flags INTERFACE
    _GNU_SOURCE LINEWARD_VERSION="${PROJECT_VERSION}")
target_include_directories(lineward_plain_flags INTERFACE ${PROJECT_SOURCE_DIR}/src)
target_compile_options(lineward_plain_flags INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wvla -Werror
    $<$<COMPILE_LANGUAGE:C>:-Wmissing-prototypes>
    $<$<COMPILE_LANGUAGE:CXX>:-Wmissing-declarations>
    -fno-omit-frame-pointer)

add_library(lineward_flags INTERFACE)
target_link_libraries(lineward_flags INTERFACE lineward_plain_flags)
if(LINEWARD_SANITIZE)
    # A fuzzer's main comes from libFuzzer and is linked into fuzz targets only.
    string(REPLACE "fuzzer" "fuzzer-no-link" sanitizers "${LINEWARD_SANITIZE}")
    list(JOIN sanitizers "," sanitizers)
    target_compile_options(lineward_flags INTERFACE
        -fsanitize=${sanitizers} -fno-sanitize-recover=all)
    target_link_options(lineward_flags INTERFACE -fsanitize=${sanitizers})
endif()
