# docs/parameters.md is what the command prints today.
#
#   cmake -D POLLARD=command -D PAGE=docs/parameters.md -D FRESH=file -P parameters_test.cmake
execute_process(COMMAND ${POLLARD} parameters --markdown OUTPUT_FILE ${FRESH} COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${CMAKE_COMMAND} -E compare_files ${FRESH} ${PAGE} RESULT_VARIABLE different)
if(different)
  message(FATAL_ERROR "${PAGE} is not what `pollard parameters --markdown` prints: write it anew")
endif()
