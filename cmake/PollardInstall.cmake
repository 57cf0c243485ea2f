# What `cmake --install` lays down: the library, its headers, the command, the configurations, and
# the package that `find_package(pollard)` finds. tests/install/ proves it with a consumer.
include(CMakePackageConfigHelpers)

# The command finds the library beside it, wherever the prefix moves; both find a LibTorch that is
# not in a system folder.
file(RELATIVE_PATH library_from_command ${CMAKE_INSTALL_FULL_BINDIR} ${CMAKE_INSTALL_FULL_LIBDIR})
set_target_properties(pollard PROPERTIES INSTALL_RPATH_USE_LINK_PATH ON)
install(TARGETS pollard EXPORT pollardTargets LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY include/pollard DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
if(TARGET pollard_command)
  set_target_properties(pollard_command PROPERTIES INSTALL_RPATH "$ORIGIN/${library_from_command}"
                                                   INSTALL_RPATH_USE_LINK_PATH ON)
  install(TARGETS pollard_command RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
install(DIRECTORY configs DESTINATION ${CMAKE_INSTALL_DATADIR}/pollard FILES_MATCHING PATTERN "*.toml")
install(DIRECTORY paper/2111.00843 DESTINATION ${CMAKE_INSTALL_DATADIR}/pollard/paper FILES_MATCHING PATTERN "*.toml")
install(FILES LICENSE NOTICE README.md CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR})

set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/pollard)
install(EXPORT pollardTargets NAMESPACE pollard:: DESTINATION ${package_folder})
configure_package_config_file(cmake/pollardConfig.cmake.in ${PROJECT_BINARY_DIR}/pollardConfig.cmake
                              INSTALL_DESTINATION ${package_folder})
# 0.x: a minor version may change the interface.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/pollardConfigVersion.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/pollardConfig.cmake ${PROJECT_BINARY_DIR}/pollardConfigVersion.cmake
        DESTINATION ${package_folder})
