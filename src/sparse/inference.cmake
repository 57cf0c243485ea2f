# What inference needs beside the kernels (kernels.cmake), for the floor and for the runtime, each of
# which compiles it in its own way: inference_sources.
set(inference_sources bands.cpp buffers.cpp choose.cpp fuse.cpp images.cpp kernels.cpp layer_weights.cpp
                      layout.cpp lower.cpp network.cpp ops.cpp packed_tensor.cpp plrd_frame.cpp plrd_read.cpp
                      program.cpp rice.cpp taps.cpp thread_pool.cpp view.cpp)
list(TRANSFORM inference_sources PREPEND ${CMAKE_CURRENT_LIST_DIR}/)
# A class of it has members of types without linkage, which gcc wants in no included file.
set_source_files_properties(${CMAKE_CURRENT_LIST_DIR}/network.cpp PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)

if(kernels_for_x86)
  set_source_files_properties(${CMAKE_CURRENT_LIST_DIR}/kernels.cpp PROPERTIES COMPILE_DEFINITIONS POLLARD_X86=1)
endif()
