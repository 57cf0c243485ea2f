# The kernels, compiled once per instruction set and chosen at run time: pollard_kernels, which the
# one library and the runtime share. They depend on nothing, and neither exports them.
string(TOLOWER "${CMAKE_SYSTEM_PROCESSOR}" processor)
set(kernel_sources sparse/kernels_plain.cpp)
set(kernels_for_x86 OFF)  # the folders below read it, too
if(processor MATCHES "x86_64|amd64")
  set(kernels_for_x86 ON)
  list(APPEND kernel_sources sparse/kernels_avx2.cpp sparse/kernels_avx512.cpp)
endif()
pollard_floor(kernels SOURCES ${kernel_sources})
set_target_properties(pollard_kernels PROPERTIES CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)

target_compile_options(pollard_kernels PRIVATE -ffp-contract=fast)
if(NOT POLLARD_SANITIZE)  # gcc would take ten minutes for each
  target_compile_options(pollard_kernels PRIVATE -O3)
endif()
set_source_files_properties(sparse/kernels_avx2.cpp PROPERTIES COMPILE_OPTIONS "-mavx2;-mfma")
# gcc 12 takes the intrinsics' undefined vectors for ours.
set_source_files_properties(sparse/kernels_avx512.cpp PROPERTIES
                            COMPILE_OPTIONS "-mavx512f;-Wno-maybe-uninitialized;-Wno-uninitialized")
