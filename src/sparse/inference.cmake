# What inference needs, for the floor and for the runtime, each of which compiles it in its own way:
# inference_sources. The kernels are compiled once per instruction set and chosen at run time.
string(TOLOWER "${CMAKE_SYSTEM_PROCESSOR}" processor)
set(inference_sources bands.cpp buffers.cpp choose.cpp fuse.cpp images.cpp kernels.cpp kernels_plain.cpp layer_weights.cpp
                      layout.cpp lower.cpp network.cpp ops.cpp packed_tensor.cpp plrd_frame.cpp plrd_read.cpp
                      program.cpp rice.cpp taps.cpp thread_pool.cpp view.cpp)
if(processor MATCHES "x86_64|amd64")
  list(APPEND inference_sources kernels_avx2.cpp kernels_avx512.cpp)
endif()
list(TRANSFORM inference_sources PREPEND ${CMAKE_CURRENT_LIST_DIR}/)

function(pollard_kernel source property)
  set_property(SOURCE ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/${source} PROPERTY ${property} ${ARGN})
endfunction()
set(contraction -ffp-contract=fast)
if(NOT POLLARD_SANITIZE)  # gcc would take ten minutes for each
  list(APPEND contraction -O3)
endif()
pollard_kernel(kernels_plain.cpp COMPILE_OPTIONS ${contraction})
pollard_kernel(kernels_avx2.cpp COMPILE_OPTIONS ${contraction} -mavx2 -mfma)
# gcc 12 takes the intrinsics' undefined vectors for ours.
pollard_kernel(kernels_avx512.cpp COMPILE_OPTIONS ${contraction} -mavx512f -Wno-maybe-uninitialized -Wno-uninitialized)
if(processor MATCHES "x86_64|amd64")
  pollard_kernel(kernels.cpp COMPILE_DEFINITIONS POLLARD_X86=1)
endif()
