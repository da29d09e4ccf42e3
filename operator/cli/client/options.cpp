#include "cli/client/options.hpp"

#include "cli/options.hpp"

namespace icrps::cli {
namespace {

Option as_common(Option option) {
  option.common = true;
  return option;
}

}  // namespace

std::vector<Option> with_client(ClientOptions& options, std::vector<Option> more) {
  more.push_back(as_common(output_option(options.output)));
  more.push_back({.names = "--iam",
                  .value = "ADDRESS",
                  .help = "public, private or https://HOST: where IAM is (default: "
                          "$ICR_PULL_SECRETS_IAM, else `iam` of client.yaml, else public)",
                  .target = &options.iam,
                  .common = true});
  more.push_back({.names = "--ca-file",
                  .value = "FILE",
                  .help = "Certificates (PEM) to trust instead of the system's (default: "
                          "$ICR_PULL_SECRETS_CA_FILE, else `caFile` of client.yaml)",
                  .target = &options.ca_file,
                  .common = true});
  more.push_back({.names = "--timeout",
                  .value = "TIME",
                  .help = "How long all that is asked may take (default: " + options.timeout + ")",
                  .target = &options.timeout,
                  .common = true});
  return more;
}

std::vector<Option> with_key(KeyOptions& options, std::vector<Option> more) {
  more.push_back({.names = "--apikey-file",
                  .value = "FILE",
                  .help = "The file that holds the API key (default: $IBMCLOUD_API_KEY, else the "
                          "file $IBMCLOUD_API_KEY_FILE, else `apiKeyFile` of client.yaml, else it "
                          "is asked for on the terminal)",
                  .target = &options.api_key_file,
                  .common = true});
  more.push_back({.names = "--apikey-stdin",
                  .help = "Read the API key from the standard input",
                  .target = &options.api_key_stdin,
                  .common = true});
  more.push_back({.names = "--profile",
                  .value = "ID",
                  .help = "Log in to this trusted profile (Profile-…) with the API key",
                  .target = &options.profile,
                  .common = true});
  return with_client(options, std::move(more));
}

}  // namespace icrps::cli
