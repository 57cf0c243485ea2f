# Builds and installs the runtime alone into a fresh prefix, then what its users would build: the
# consumers in C and C++, by CMake and by pkg-config, and the examples for it.
#
#   cmake -D SOURCE=folder -D WORK=folder -D SMALL_NETWORK=program -D CC=compiler -P runtime_test.cmake
include(${CMAKE_CURRENT_LIST_DIR}/steps.cmake)

file(REMOVE_RECURSE ${WORK})
step(${CMAKE_COMMAND} -S ${SOURCE} -B ${WORK}/build -G Ninja -D POLLARD_RUNTIME_ONLY=ON)
step(${CMAKE_COMMAND} --build ${WORK}/build)
step(${CMAKE_COMMAND} --install ${WORK}/build --prefix ${WORK}/built)
file(RENAME ${WORK}/built ${WORK}/prefix)  # which may move
file(GLOB headers RELATIVE ${WORK}/prefix/include ${WORK}/prefix/include/*)
if(NOT headers STREQUAL "pollard_sparse" OR EXISTS ${WORK}/prefix/bin)
  message(FATAL_ERROR "more than the runtime was installed: ${headers}")
endif()

set(network ${WORK}/small.plrd)
step(${SMALL_NETWORK} ${network})
build_against_prefix(${SOURCE}/tests/install/runtime ${WORK}/consumer)
step(${WORK}/consumer/c_consumer ${network})
step(${WORK}/consumer/cpp_consumer ${network})
build_against_prefix(${SOURCE}/examples ${WORK}/examples)
step(${WORK}/examples/02-run-a-sparse-network ${network} 8 2)
step(${WORK}/examples/03-run-a-sparse-network ${network} 8 2)

file(GLOB_RECURSE package ${WORK}/prefix/pollard_sparse.pc)
cmake_path(GET package PARENT_PATH folder)
set(ENV{PKG_CONFIG_PATH} ${folder})
execute_process(COMMAND pkg-config --cflags --libs pollard_sparse OUTPUT_VARIABLE flags
                OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
separate_arguments(flags)
execute_process(COMMAND pkg-config --variable=libdir pollard_sparse OUTPUT_VARIABLE libraries
                OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
set(ENV{LD_LIBRARY_PATH} ${libraries})
step(${CC} -std=c99 -pedantic-errors ${SOURCE}/tests/install/runtime/main.c -o ${WORK}/by_pkgconfig ${flags})
step(${WORK}/by_pkgconfig ${network})
