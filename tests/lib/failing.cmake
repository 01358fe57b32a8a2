# SPDX-License-Identifier: Apache-2.0
# failing(TARGET): links it with failing.c, which lets the calls of the code under test fail (tests/lib/failing.h).
function(failing target)
  target_sources(${target} PRIVATE ${CMAKE_SOURCE_DIR}/tests/lib/failing.c)
  set_source_files_properties(${CMAKE_SOURCE_DIR}/tests/lib/failing.c PROPERTIES COMPILE_OPTIONS "-Wno-missing-prototypes;-Wno-redundant-decls")
  foreach(call malloc calloc realloc strdup sodium_malloc sodium_mlock open_memstream ZSTD_createCCtx ZSTD_createDCtx
      fsync fdatasync ftruncate rename renameat renameat2 link unlink unlinkat mkdir mkdirat fchmod mkostemp
      fstat stat lstat fstatat mmap opendir fdopendir getrandom flock read pread write pwrite open openat)
    target_link_options(${target} PRIVATE LINKER:--wrap=${call})
  endforeach()
endfunction()
