# The floors of the house (docs: HACKING.md). Each folder of src/ is an object library; it may
# link only floors below it. Together they make the one library, `pollard`.

add_library(pollard_settings INTERFACE)
target_include_directories(pollard_settings INTERFACE ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src)
target_compile_features(pollard_settings INTERFACE cxx_std_20)
target_compile_options(pollard_settings INTERFACE -Wall -Wextra -Wconversion)
if(POLLARD_WERROR)
  target_compile_options(pollard_settings INTERFACE -Werror)
endif()
if(POLLARD_SANITIZE)
  set(sanitizers address,undefined)
  if(POLLARD_SANITIZE STREQUAL thread)
    set(sanitizers thread)
  endif()
  target_compile_options(pollard_settings INTERFACE -fsanitize=${sanitizers} -fno-omit-frame-pointer
                                                    -fno-sanitize-recover=undefined)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(pollard_settings INTERFACE -Wno-maybe-uninitialized)  # gcc 12 sees ghosts in <regex>
  endif()
  target_link_options(pollard_settings INTERFACE -fsanitize=${sanitizers})
  target_compile_definitions(pollard_settings INTERFACE POLLARD_SANITIZE=1)
endif()

if(POLLARD_FUZZ)  # counts what each input reaches
  target_compile_options(pollard_settings INTERFACE -fsanitize=fuzzer-no-link)
endif()

# With POLLARD_UNITY several source files are compiled as one: what headers and their templates cost
# is paid once for all of them. (The kernels, the data and the graph stay by themselves: theirs costs
# little, and several files have parts of the same name.)
function(pollard_unity target)
  if(POLLARD_UNITY)
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 8)
    # gcc 12 sees ghosts in lists of strings, the more so the more it inlines.
    target_compile_options(${target} PRIVATE -Wno-stringop-overflow -Wno-array-bounds)
  endif()
endfunction()

# pollard_floor(NAME SOURCES a.cpp ... LINKS lib ...)
function(pollard_floor name)
  cmake_parse_arguments(FLOOR "" "" "SOURCES;LINKS" ${ARGN})
  add_library(pollard_${name} OBJECT ${FLOOR_SOURCES})
  target_link_libraries(pollard_${name} PUBLIC pollard_settings ${FLOOR_LINKS})
  set_property(GLOBAL APPEND PROPERTY POLLARD_FLOORS pollard_${name})
  if(NOT name MATCHES "^(kernels|graph|data)$")
    pollard_unity(pollard_${name})
  endif()
endfunction()

# LibTorch's headers cost about 10 s a source file: precompiled once, by the first floor that asks,
# and shared by the others. Only tensors: of what is precompiled gcc instantiates the templates again
# in every file, 3 s with <ATen/ATen.h> and 7 s with <torch/torch.h>.
function(pollard_torch_headers name)
  get_property(owner GLOBAL PROPERTY POLLARD_PCH_OWNER)
  if(owner)
    target_precompile_headers(pollard_${name} REUSE_FROM ${owner})
  else()
    target_precompile_headers(pollard_${name} PRIVATE <ATen/ATen.h>)
    set_property(GLOBAL PROPERTY POLLARD_PCH_OWNER pollard_${name})
  endif()
endfunction()
