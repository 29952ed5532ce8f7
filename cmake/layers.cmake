# SPDX-License-Identifier: Apache-2.0
# How a layer and a test of it are declared.

# The layers that a call goes through, without sockets and threads: what the simulations compile,
# and what is trained.
set(lineward_core_layers base model sip phone calendar code fwd locate txn line client call desk
    check watch engine zone country store settings)

# lineward_layer(NAME [USES layer...] [LIBRARIES pkg-config target...])
# The static library lineward_NAME of all C and C++ files in src/NAME. USES names the layers it
# may call.
function(lineward_layer name)
    cmake_parse_arguments(layer "" "" "USES;LIBRARIES" ${ARGN})
    file(GLOB sources CONFIGURE_DEPENDS
        ${PROJECT_SOURCE_DIR}/src/${name}/*.c ${PROJECT_SOURCE_DIR}/src/${name}/*.cc)
    list(FILTER sources EXCLUDE REGEX "/main\\.c$")
    add_library(lineward_${name} STATIC ${sources})
    target_link_libraries(lineward_${name} PUBLIC lineward_flags)
    foreach(used ${layer_USES})
        target_link_libraries(lineward_${name} PUBLIC lineward_${used})
    endforeach()
    foreach(library ${layer_LIBRARIES})
        target_link_libraries(lineward_${name} PRIVATE PkgConfig::${library})
    endforeach()
    if(LINEWARD_TRAINED)
        add_dependencies(lineward_${name} training)
        set_source_files_properties(${sources} PROPERTIES OBJECT_DEPENDS ${training_done})
    endif()
endfunction()

# lineward_unit_tests(LAYER...)
# Each test_NAME.c of the calling directory becomes a cmocka program that links only LAYER.... The
# ctest is named after the directory below test/ ("unit/sip/uri"), the program the same with '_'
# ("unit_sip_uri").
function(lineward_unit_tests)
    file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/test_*.c)
    file(RELATIVE_PATH folder ${PROJECT_SOURCE_DIR}/test ${CMAKE_CURRENT_SOURCE_DIR})
    foreach(source ${sources})
        get_filename_component(short ${source} NAME_WE)
        string(REGEX REPLACE "^test_" "" short ${short})
        set(name ${folder}/${short})
        string(REPLACE / _ target ${name})
        add_executable(${target} ${source})
        foreach(layer ${ARGN})
            target_link_libraries(${target} PRIVATE lineward_${layer})
        endforeach()
        target_link_libraries(${target} PRIVATE PkgConfig::cmocka)
        target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/test)
        add_test(NAME ${name} COMMAND ${target} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
        set_tests_properties(${name} PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 300)
    endforeach()
endfunction()

# The allocations of a unit test's program can be made to fail (test/unit/exhaust.h).
function(lineward_exhausts target)
    target_sources(${target} PRIVATE ${PROJECT_SOURCE_DIR}/test/unit/exhaust.c)
    target_link_options(${target} PRIVATE
        -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=strdup)
endfunction()
