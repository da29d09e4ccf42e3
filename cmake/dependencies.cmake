# Everything comes from the distribution's packages. Where a package's own CMake files are missing
# or pull in more than is used, a small interface target stands in for them.
find_package(Threads REQUIRED)
if(ICRPS_STATIC)
  set(OPENSSL_USE_STATIC_LIBS TRUE)
  set(Boost_USE_STATIC_LIBS TRUE)
endif()
find_package(OpenSSL 3 REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(fmt 9 REQUIRED)
find_package(yaml-cpp 0.7 REQUIRED)
find_package(CLI11 2.1 REQUIRED)

# fmt has no static archive in the distribution: compile it into us for the image.
if(ICRPS_STATIC)
  add_library(icrps_fmt INTERFACE)
  target_link_libraries(icrps_fmt INTERFACE fmt::fmt-header-only)
else()
  add_library(icrps_fmt INTERFACE)
  target_link_libraries(icrps_fmt INTERFACE fmt::fmt)
endif()

add_library(icrps_expected INTERFACE)  # tl/expected.hpp, header only
find_path(EXPECTED_INCLUDE tl/expected.hpp REQUIRED)
target_include_directories(icrps_expected SYSTEM INTERFACE ${EXPECTED_INCLUDE})

add_library(icrps_yaml INTERFACE)
if(ICRPS_STATIC)
  find_library(YAML_ARCHIVE libyaml-cpp.a REQUIRED)
  target_link_libraries(icrps_yaml INTERFACE ${YAML_ARCHIVE})
else()
  target_link_libraries(icrps_yaml INTERFACE yaml-cpp)
endif()

add_library(icrps_cares INTERFACE)  # name resolution
find_path(CARES_INCLUDE ares.h REQUIRED)
if(ICRPS_STATIC)
  find_library(CARES_LIBRARY libcares.a REQUIRED)
else()
  find_library(CARES_LIBRARY cares REQUIRED)
endif()
target_include_directories(icrps_cares SYSTEM INTERFACE ${CARES_INCLUDE})
target_link_libraries(icrps_cares INTERFACE ${CARES_LIBRARY})

# The distribution has no static archives of the next two: the Dockerfile builds them from the
# distribution's source packages, and these lines find them below /usr/local.
add_library(icrps_cpprest INTERFACE)
find_package(cpprestsdk REQUIRED)
target_link_libraries(icrps_cpprest INTERFACE cpprestsdk::cpprest OpenSSL::SSL Threads::Threads)

add_library(icrps_prometheus INTERFACE)
find_package(prometheus-cpp REQUIRED COMPONENTS core)
target_link_libraries(icrps_prometheus INTERFACE prometheus-cpp::core)

add_library(icrps_cli11 INTERFACE)
target_link_libraries(icrps_cli11 INTERFACE CLI11::CLI11)
