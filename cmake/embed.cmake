# Writes OUTPUT for pollard_embed(): bytes as escapes, so that no text can end a literal.
set(source "// Made by cmake/embed.cmake.\n#include \"${HEADER}\"\n\nnamespace pollard {\n")
string(REPLACE "," ";" pairs "${PAIRS}")
foreach(pair ${pairs})
  string(REGEX MATCH "^([^=]*)=(.*)$" unused "${pair}")
  set(function ${CMAKE_MATCH_1})
  file(READ "${CMAKE_MATCH_2}" bytes HEX)
  string(REGEX REPLACE "(..)" "\\\\x\\1" bytes "${bytes}")
  string(APPEND source "\nstd::string_view ${function}() {\n"
                       "  static constexpr char kText[] =\n      \"${bytes}\";\n"
                       "  return {kText, sizeof kText - 1};\n}\n")
endforeach()
file(WRITE "${OUTPUT}" "${source}\n}  // namespace pollard\n")
