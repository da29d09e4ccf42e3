#include "cli/inspect/inspect.hpp"

#include <algorithm>
#include <filesystem>
#include <fmt/core.h>
#include <iterator>
#include <memory>
#include <unistd.h>

#include "cli/client/reading.hpp"
#include "cli/exit_codes.hpp"
#include "cli/inspect/inspect_report.hpp"
#include "cli/options.hpp"
#include "cli/setup.hpp"
#include "http/transport_cpprest.hpp"
#include "icr/base64.hpp"
#include "icr/text.hpp"
#include "kube/client.hpp"
#include "kube/connection.hpp"
#include "plan/names.hpp"

namespace icrps::cli {
namespace {

constexpr std::size_t kLargestContent = std::size_t{8} << 20U;

struct InspectOptions : ClusterOptions {
  std::string source;  ///< a file, "NAMESPACE/SECRET", or "-"; with `ns` the name of a Secret
  std::string ns;
  std::vector<std::string> images;
  std::string output = "table";
};

/// What is to be looked at.
struct Source {
  keyring::PullSecret secret;
  std::string made_by{};
};

using FoundSource = tl::expected<Source, std::string>;
using WrongSource = tl::unexpected<std::string>;

FoundSource read_content(const std::string& name, tl::expected<SecretString, std::string> content) {
  if (!content) return WrongSource(content.error());
  return Source{{name, {}, std::move(*content)}};
}

/// Of the two types of pull secrets.
FoundSource from_object(const std::string& name, const kube::Object& object) {
  using Kind = keyring::PullSecret::Kind;
  const bool old = object.type == "kubernetes.io/dockercfg";
  if (!old && object.type != "kubernetes.io/dockerconfigjson") {
    return WrongSource(fmt::format("Secret {} has the type {}, which the kubelet passes over", name,
                                   icr::quoted(object.type)));
  }
  const std::string key = old ? ".dockercfg" : ".dockerconfigjson";
  const auto found = std::find_if(object.data.begin(), object.data.end(),
                                  [&](const auto& one) { return one.first == key; });
  if (found == object.data.end()) return WrongSource(fmt::format("Secret {} has no {}", name, key));
  auto content = icr::base64_decode(found->second.reveal());
  if (!content) return WrongSource(fmt::format("Secret {}: its {} is not base64", name, key));
  Source source{
      {name, old ? Kind::kDockercfg : Kind::kDockerConfigJson, SecretString(std::move(*content))}};
  const auto manager = object.labels.find(std::string(plan::kManagedByLabel));
  if (manager != object.labels.end()) source.made_by = manager->second;
  const auto revision = object.annotations.find(std::string(plan::kRevision));
  if (revision != object.annotations.end()) source.made_by += ", revision " + revision->second;
  return source;
}

FoundSource from_cluster(const InspectOptions& options, const std::string& ns,
                         const std::string& name) {
  const auto cluster = find_cluster(options);
  if (!cluster) return WrongSource(cluster.error().message);
  const SystemClock clock;
  auto transport_options = kube::transport_options(*cluster, clock);
  if (!transport_options) return WrongSource(transport_options.error());
  try {
    const auto transport = http::make_cpprest_transport(std::move(*transport_options));
    kube::Client client(*transport, [](auto, auto, auto) {});
    const auto object = client.get({"secrets", ns, name});
    if (!object) return WrongSource(object.error().message);
    return from_object(ns + "/" + name, *object);
  } catch (const std::exception& error) {
    return WrongSource(error.what());
  }
}

FoundSource find_source(const InspectOptions& options) {
  const auto& source = options.source;
  if (!options.ns.empty()) {
    if (icr::is_dns_label(options.ns) && icr::is_dns_subdomain(source)) {
      return from_cluster(options, options.ns, source);
    }
    return WrongSource(fmt::format("-n {} {}: accepted: -n NAMESPACE SECRET",
                                   icr::quoted(options.ns), icr::quoted(source)));
  }
  if (source == "-") {
    return read_content("the standard input",
                        read_secret(STDIN_FILENO, "the standard input", kLargestContent));
  }
  std::error_code ignored;
  const auto slash = source.find('/');
  const bool there = std::filesystem::exists(std::filesystem::symlink_status(source, ignored));
  if (!there && slash != std::string::npos && icr::is_dns_label(source.substr(0, slash)) &&
      icr::is_dns_subdomain(source.substr(slash + 1))) {
    return from_cluster(options, source.substr(0, slash), source.substr(slash + 1));
  }
  return read_content(source, read_secret_file(source, kLargestContent));
}

int do_inspect(const InspectOptions& options) {
  const auto source = find_source(options);
  if (!source) {
    complain(source.error());
    return kFailure;
  }
  auto report = inspect_content(source->secret, options.images);
  if (!report) {
    complain(report.error());
    return report.error().starts_with("--image") ? kUsage : kNotGood;
  }
  report->made_by = source->made_by;
  const bool as_json = options.output == "json";
  fmt::print("{}", as_json ? inspect_json(*report)
                           : inspect_table(*report, std::chrono::system_clock::now()));
  return report->good() ? kOk : kNotGood;
}

std::vector<Option> inspect_options(InspectOptions& options) {
  std::vector<Option> all{
      {.names = "SOURCE",
       .help = "A file, NAMESPACE/SECRET, or - for the standard input; with -n a Secret's name",
       .target = &options.source,
       .required = true},
      {.names = "-n,--namespace",
       .value = "NS",
       .help = "SOURCE is a Secret in this namespace",
       .target = &options.ns},
      {.names = "--image",
       .value = "IMAGE",
       .help = "Which entries would be taken for this image (repeat)",
       .target = &options.images},
      output_option(options.output)};
  auto cluster = cluster_options(options);
  std::move(cluster.begin(), cluster.end(), std::back_inserter(all));
  return all;
}

}  // namespace

Command inspect_command() {
  const auto options = std::make_shared<InspectOptions>();
  return {
      .name = "inspect",
      .summary = "Show what a pull secret or an auth file holds, and who would take which of it",
      .synopsis = "SOURCE [-n NS] [--image IMAGE]… [-o table|json] …",
      .options = inspect_options(*options),
      .examples = {{"icr-pull-secrets inspect shop/icr-default --image us.icr.io/team/app:1",
                    "which entry the kubelet takes for an image"},
                   {"icr-pull-secrets inspect ~/.docker/config.json", "what docker has"}},
      .exit_codes = {{kOk, "shown"},
                     {kFailure, "it can't be read: no such file, no such Secret"},
                     {kUsage, "the command line is wrong, or an image's name"},
                     {kNotGood, "it is no auth file, or an entry of it can't be read"}},
      .work = [options] { return do_inspect(*options); }};
}

}  // namespace icrps::cli
