# Most of a compiler's time goes into headers and templates that every source has: a dozen sources
# compiled as one take a third of the time.
option(ICRPS_TOGETHER "Compile several sources as one" ON)

function(write_together written target text)
  list(LENGTH ${written} number)
  set(output ${CMAKE_BINARY_DIR}/together/${target}_${number}.cpp)
  file(CONFIGURE OUTPUT ${output} CONTENT "// Made by cmake/together.cmake.\n${text}" @ONLY)
  set(${written} ${${written}} ${output} PARENT_SCOPE)
endfunction()

# together(RESULT TARGET SOURCE…): sets RESULT to what the target is to be compiled from. CMake's own
# UNITY_BUILD does the same, but names the sources by their absolute paths, so that a compiler cache
# that knows them from another checkout does not find them.
function(together result target)
  if(NOT ICRPS_TOGETHER)
    set(${result} ${ARGN} PARENT_SCOPE)
    return()
  endif()
  set(outputs)
  set(text)
  set(room 12)
  foreach(source IN LISTS ARGN)
    cmake_path(ABSOLUTE_PATH source BASE_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR} NORMALIZE)
    cmake_path(RELATIVE_PATH source BASE_DIRECTORY ${CMAKE_SOURCE_DIR})
    string(APPEND text "#include \"${source}\"\n")
    math(EXPR room "${room} - 1")
    if(room EQUAL 0)
      write_together(outputs ${target} "${text}")
      set(text)
      set(room 12)
    endif()
  endforeach()
  if(text)
    write_together(outputs ${target} "${text}")
  endif()
  set_source_files_properties(${outputs} PROPERTIES INCLUDE_DIRECTORIES ${CMAKE_SOURCE_DIR})
  set(${result} ${outputs} PARENT_SCOPE)
endfunction()
