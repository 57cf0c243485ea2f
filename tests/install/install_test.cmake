# Installs a build into a fresh prefix, then configures, builds and runs what a user would: the
# consumer beside this file and every example.
#
#   cmake -D BUILD=folder -D SOURCE=folder -D WORK=folder [-D LAUNCHER=...] -P install_test.cmake
include(${CMAKE_CURRENT_LIST_DIR}/steps.cmake)

file(REMOVE_RECURSE ${WORK})
step(${CMAKE_COMMAND} --install ${BUILD} --prefix ${WORK}/prefix)

build_against_prefix(${SOURCE}/tests/install ${WORK}/consumer)
step(${WORK}/consumer/consumer)

if(EXISTS ${WORK}/prefix/bin/pollard)
  step(${WORK}/prefix/bin/pollard --help)
endif()
build_against_prefix(${SOURCE}/examples ${WORK}/examples)
