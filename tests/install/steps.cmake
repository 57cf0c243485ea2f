# What the install tests share.
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
