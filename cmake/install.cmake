# SPDX-License-Identifier: Apache-2.0
# What `cmake --install build/release` puts where: the binary, its manual page and completions (made
# by the binary itself), the service of systemd and its configuration.
include(GNUInstallDirs)

install(TARGETS lineward RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})

function(lineward_generate file)
    add_custom_command(OUTPUT ${file} COMMAND lineward ${ARGN} > ${file} DEPENDS lineward VERBATIM)
endfunction()
set(generated ${CMAKE_BINARY_DIR}/generated)
file(MAKE_DIRECTORY ${generated})
lineward_generate(${generated}/lineward.1 manual)
lineward_generate(${generated}/lineward completion bash)
lineward_generate(${generated}/_lineward completion zsh)
lineward_generate(${generated}/lineward.fish completion fish)
add_custom_target(lineward_documents ALL DEPENDS
    ${generated}/lineward.1 ${generated}/lineward ${generated}/_lineward ${generated}/lineward.fish)

install(FILES ${generated}/lineward.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${generated}/lineward
    DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES ${generated}/_lineward DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions)
install(FILES ${generated}/lineward.fish
    DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
install(FILES packaging/lineward.service DESTINATION lib/systemd/system)
install(FILES packaging/lineward.conf DESTINATION /etc/lineward)
