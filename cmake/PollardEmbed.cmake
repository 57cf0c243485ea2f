# Text files as functions of C++: pollard_embed(OUTPUT.cpp HEADER FUNCTION=FILE ...) makes, when a
# file changes, a source file in which `std::string_view FUNCTION()` gives FILE's content. HEADER
# declares them.
function(pollard_embed output header)
  set(files)
  foreach(pair ${ARGN})
    string(REGEX REPLACE "^[^=]*=" "" file ${pair})
    list(APPEND files ${file})
  endforeach()
  string(REPLACE ";" "," pairs "${ARGN}")  # a list would not arrive as one argument
  add_custom_command(
    OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -D OUTPUT=${output} -D HEADER=${header} -D PAIRS=${pairs}
            -P ${PROJECT_SOURCE_DIR}/cmake/embed.cmake
    DEPENDS ${files} ${PROJECT_SOURCE_DIR}/cmake/embed.cmake
    VERBATIM)
endfunction()
