# Flags of our own code; other people's headers are SYSTEM and don't see them.
add_library(icrps_flags INTERFACE)
target_compile_options(icrps_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Werror)
if(ICRPS_TOGETHER)
  # Sources that are compiled together look like one that includes headers with anonymous namespaces
  # and shadowed globals; clang-tidy looks at each by itself and has those warnings.
  target_compile_options(icrps_flags INTERFACE -Wno-shadow -Wshadow=local -Wno-subobject-linkage)
endif()

# Hardening, and smaller binaries by dropping what nobody calls.
add_compile_options(-fstack-protector-strong -ffunction-sections -fdata-sections)
add_link_options(-Wl,-z,relro,-z,now,-z,noexecstack -Wl,--gc-sections)
add_compile_definitions(_GLIBCXX_ASSERTIONS)

if(ICRPS_SANITIZE)
  # vptr: the HTTP library isn't instrumented and hides the type information of its classes, so that
  # its own objects look like another type's.
  add_compile_options(
    -fsanitize=${ICRPS_SANITIZE} -fno-sanitize=vptr -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${ICRPS_SANITIZE})
  # GCC warns falsely of uninitialized members of the standard library's own classes (std::regex)
  # once sanitizers have rewritten them; the build without sanitizers keeps this warning.
  target_compile_options(icrps_flags INTERFACE -Wno-maybe-uninitialized)
else()
  add_compile_definitions($<$<NOT:$<CONFIG:Debug>>:_FORTIFY_SOURCE=2>)
endif()
