# The runtime: the library, its two headers, the package that `find_package(pollard_sparse)` finds,
# and pollard_sparse.pc. The prefix may move.
include(CMakePackageConfigHelpers)

install(TARGETS pollard_runtime EXPORT pollard_sparseTargets LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY include/pollard_sparse DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
if(POLLARD_RUNTIME_ONLY)
  install(FILES LICENSE NOTICE CHANGELOG.md docs/runtime.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
endif()

set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/pollard_sparse)
install(EXPORT pollard_sparseTargets NAMESPACE pollard_sparse:: FILE pollard_sparseConfig.cmake
        DESTINATION ${package_folder})
# 0.x: a minor version may change the interface.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/pollard_sparseConfigVersion.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/pollard_sparseConfigVersion.cmake DESTINATION ${package_folder})

file(RELATIVE_PATH prefix_from_pkgconfig ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
configure_file(cmake/pollard_sparse.pc.in ${PROJECT_BINARY_DIR}/pollard_sparse.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/pollard_sparse.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
