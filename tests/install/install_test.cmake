# Installs a build into a fresh prefix, then configures, builds and runs what a user would: the
# consumer beside this file and every example.
#
#   cmake -D BUILD=folder -D SOURCE=folder -D WORK=folder [-D LAUNCHER=...] -P install_test.cmake
function(step)
  execute_process(COMMAND ${ARGV} RESULT_VARIABLE status)
  if(NOT status EQUAL 0)
    list(JOIN ARGV " " command)
    message(FATAL_ERROR "exit status ${status}: ${command}")
  endif()
endfunction()

function(build_against_prefix source binary)
  step(${CMAKE_COMMAND} -S ${source} -B ${binary} -G Ninja -D CMAKE_PREFIX_PATH=${WORK}/prefix
       -D CMAKE_BUILD_TYPE=Release)
  step(${CMAKE_COMMAND} --build ${binary})
endfunction()

file(REMOVE_RECURSE ${WORK})
step(${CMAKE_COMMAND} --install ${BUILD} --prefix ${WORK}/prefix)

build_against_prefix(${SOURCE}/tests/install ${WORK}/consumer)
step(${WORK}/consumer/consumer)

if(EXISTS ${WORK}/prefix/bin/pollard)
  step(${WORK}/prefix/bin/pollard --help)
endif()
build_against_prefix(${SOURCE}/examples ${WORK}/examples)
