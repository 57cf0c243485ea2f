# Installs a build into a fresh prefix, then configures, builds and runs what a user would: the
# consumer beside this file and every example, of which it runs those that are over in seconds and
# need no more than Debian's dataset-fashion-mnist, if that is there.
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
set(examples 06-a-new-data-set)
if(EXISTS /usr/share/datasets/fashion-mnist)
  list(APPEND examples 04-import-prune-retrain-export 05-a-new-method)
endif()
foreach(example ${examples})
  step(${CMAKE_COMMAND} -E chdir ${WORK}/examples ./${example})
endforeach()
