# Compiler flags for code of ours: warnings are errors, hardening, sanitizers, fast linking.
set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

add_library(leumund_flags INTERFACE)
target_compile_options(leumund_flags INTERFACE
  -Wall -Wextra -Wconversion -Wshadow -Wold-style-cast -Wunused-result -Wnon-virtual-dtor
  -Woverloaded-virtual -Werror -fno-omit-frame-pointer)
# std::stable_sort of libstdc++ 12 calls get_temporary_buffer, which is deprecated in C++23; Clang blames
# our instantiation for it.
target_compile_options(leumund_flags INTERFACE $<$<CXX_COMPILER_ID:Clang>:-Wno-deprecated-declarations>)
if(LEUMUND_SANITIZERS)
  add_compile_options(-fsanitize=${LEUMUND_SANITIZERS} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${LEUMUND_SANITIZERS})
  # vptr reads the object through a pipe, and takes a process without a free descriptor for a fault.
  if(LEUMUND_SANITIZERS MATCHES undefined)
    add_compile_options(-fno-sanitize=vptr)
  endif()
elseif(CMAKE_BUILD_TYPE STREQUAL "Release" OR CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo")
  add_compile_options(-fstack-protector-strong -D_FORTIFY_SOURCE=2 -fPIE)
  add_link_options(-pie -Wl,-z,relro,-z,now)
endif()
if(LEUMUND_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

find_program(MOLD mold)
if(MOLD)
  add_link_options(-fuse-ld=mold)
endif()
