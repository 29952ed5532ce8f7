# SPDX-License-Identifier: Apache-2.0
# The release build knows which ways calls take through the code: a copy of the core that counts
# them is built first and places the calls of bench_core, the same in each build; then everything
# is compiled with the counts (docs/benchmark.md "Trained"). What no call came by is compiled as
# ever.
option(LINEWARD_TRAINED "Compile by what calls of bench_core were seen to need; gcc only" OFF)
set(LINEWARD_COUNTING "" CACHE PATH "Where this build's programs leave their counts; of the copy")

set(training ${CMAKE_BINARY_DIR}/training)
set(training_counts ${training}/counts)
set(training_done ${training}/done)

if(LINEWARD_TRAINED AND NOT CMAKE_C_COMPILER_ID STREQUAL "GNU")
    message(STATUS "Not trained: the compiler is not gcc")
    set(LINEWARD_TRAINED OFF)
endif()

if(LINEWARD_COUNTING)
    target_compile_options(lineward_flags INTERFACE
        -fprofile-generate=${LINEWARD_COUNTING} -fprofile-prefix-path=${CMAKE_BINARY_DIR})
    target_link_options(lineward_flags INTERFACE -fprofile-generate)
endif()

if(LINEWARD_TRAINED)
    target_compile_options(lineward_flags INTERFACE
        -fprofile-use=${training_counts} -fprofile-prefix-path=${CMAKE_BINARY_DIR}
        -fprofile-partial-training -Wno-missing-profile)
    set(training_sources "")
    foreach(layer ${lineward_core_layers})
        file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${layer}/*)
        list(APPEND training_sources ${sources})
    endforeach()
    add_custom_command(OUTPUT ${training_done}
        COMMAND ${CMAKE_COMMAND} -E rm -rf ${training_counts}
        COMMAND ${CMAKE_COMMAND} -G Ninja -S ${PROJECT_SOURCE_DIR} -B ${training}
            -DCMAKE_C_COMPILER=${CMAKE_C_COMPILER} -DCMAKE_CXX_COMPILER=${CMAKE_CXX_COMPILER}
            -DCMAKE_BUILD_TYPE=${CMAKE_BUILD_TYPE} -DBUILD_TESTING=OFF -DLINEWARD_WEB=OFF
            -DLINEWARD_COUNTING=${training_counts}
        COMMAND ${CMAKE_COMMAND} --build ${training} --target bench_core
        COMMAND ${training}/bin/bench_core 2000 100000
        COMMAND ${CMAKE_COMMAND} -E touch ${training_done}
        DEPENDS ${training_sources} ${PROJECT_SOURCE_DIR}/bench/core.c
            ${PROJECT_SOURCE_DIR}/bench/batch.c ${PROJECT_SOURCE_DIR}/bench/fill.c
            ${PROJECT_SOURCE_DIR}/bench/message.c
        COMMENT "Counting which ways calls take" USES_TERMINAL VERBATIM)
    add_custom_target(training DEPENDS ${training_done})
endif()
