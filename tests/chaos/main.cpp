// Long runs against a real API server: chaos and soak. tests/chaos/run starts the cluster around
// them.
#define CATCH_CONFIG_RUNNER
#include <catch2/catch.hpp>

#include "http/transport_cpprest.hpp"

int main(int argc, char** argv) {
  icrps::http::initialize_http();
  return Catch::Session().run(argc, argv);
}
