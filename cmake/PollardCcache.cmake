# Compiles through ccache where it is installed (LibTorch's headers make that worth minutes).
#
# A precompiled header is cached only if ccache may overlook what it cannot see in one: macros
# defined before it, and that cmake_pch.hxx was written in the same second as it is used. gcc must
# keep the `#pragma GCC pch_preprocess` lines for ccache to know which header an object depends on.
find_program(CCACHE ccache)
mark_as_advanced(CCACHE)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} ${CCACHE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-fpch-preprocess)
  endif()
endif()
