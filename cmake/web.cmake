# SPDX-License-Identifier: Apache-2.0
# The web client (web/): built by npm, packed into sources that the layer `web` is made of. Without
# npm the server has a page that says so instead.
option(LINEWARD_WEB "Build the web client into the server; needs nodejs and npm" ON)
find_program(LINEWARD_NPM npm)
find_program(LINEWARD_NODE node)
find_program(LINEWARD_FLOCK flock)

set(web ${PROJECT_SOURCE_DIR}/web)
set(web_out ${CMAKE_BINARY_DIR}/web)
set(web_modules ${web}/node_modules/.package-lock.json)

# Several builds of one clone share web/node_modules and the types made there: one at a time.
if(LINEWARD_FLOCK)
    set(LINEWARD_WEB_ALONE ${LINEWARD_FLOCK} ${web}/package.json CACHE INTERNAL "")
endif()

function(lineward_build_web)
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS
        ${web}/src/*.ts ${web}/src/*.tsx ${web}/src/*.css ${web}/locales/*.json ${web}/public/*)
    list(FILTER sources EXCLUDE REGEX "\\.test\\.tsx?$|/src/api/openapi\\.ts$")
    # What npm has installed says so in a file of its own.
    add_custom_command(OUTPUT ${web_modules}
        COMMAND ${LINEWARD_WEB_ALONE} sh ${web}/install.sh ${LINEWARD_NPM}
        DEPENDS ${web}/package.json ${web}/package-lock.json
        WORKING_DIRECTORY ${web} COMMENT "Installing what the web client is made of" VERBATIM)
    add_custom_command(OUTPUT ${web_out}/web_files.c ${web_out}/web_bytes.S ${web_out}/web_files.bin
        COMMAND ${LINEWARD_WEB_ALONE} ${LINEWARD_NPM} run --silent build
            -- --logLevel warn --outDir ${web_out}/dist
        COMMAND ${LINEWARD_NODE} ${web}/pack.js ${web_out}/dist ${web_out}
        DEPENDS ${sources} ${web_modules} ${web}/index.html ${web}/pack.js ${web}/vite.config.ts
            ${web}/icons.js ${web}/tsconfig.json ${PROJECT_SOURCE_DIR}/docs/openapi.yaml
        WORKING_DIRECTORY ${web} COMMENT "Building the web client" VERBATIM)
    set_source_files_properties(${web_out}/web_bytes.S PROPERTIES
        OBJECT_DEPENDS ${web_out}/web_files.bin)
    target_sources(lineward_web PRIVATE ${web_out}/web_files.c ${web_out}/web_bytes.S)
endfunction()

if(LINEWARD_WEB AND LINEWARD_NPM AND LINEWARD_NODE)
    enable_language(ASM)
    lineward_build_web()
else()
    message(WARNING "This build has no web client: nodejs and npm are missing, or LINEWARD_WEB "
        "is OFF. Its address will answer with a page that says so.")
    target_compile_definitions(lineward_web PRIVATE WEB_IS_ABSENT)
endif()
