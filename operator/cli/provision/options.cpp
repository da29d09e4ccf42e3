#include "cli/provision/options.hpp"

#include <fmt/format.h>
#include <set>

#include "icr/text.hpp"
#include "provision/pure/marks.hpp"

namespace icrps::cli {
namespace {

template <typename T>
using Understood = tl::expected<T, std::string>;

tl::unexpected<std::string> wrong(std::string what) {
  return tl::unexpected<std::string>(std::move(what));
}

/// "NS/NAME", both as Kubernetes has them.
Understood<provision::SecretName> read_pair(std::string_view option, const std::string& text) {
  const auto slash = text.find('/');
  provision::SecretName pair{text.substr(0, slash),
                             slash == std::string::npos ? "" : text.substr(slash + 1)};
  if (icr::is_dns_label(pair.ns) && icr::is_dns_subdomain(pair.name)) return pair;
  return wrong(fmt::format("{} {}: accepted: NAMESPACE/NAME", option, icr::quoted(text)));
}

Understood<std::vector<provision::Place>> read_places(const ProvisionOptions& options,
                                                      const icr::RegionTable& regions) {
  std::set<provision::Place> places;
  for (const auto& text : options.allow) {
    auto place = provision::parse_place(text, regions);
    if (!place) return wrong("--allow " + place.error().message);
    places.insert(std::move(*place));
  }
  if (places.empty()) {
    return wrong("--allow is missing: which registry namespaces? --allow team@us-south");
  }
  return std::vector<provision::Place>(places.begin(), places.end());
}

Understood<std::optional<iam::ProfileLink>> read_link(const ProvisionOptions& options) {
  if (!options.trusted_profile) {
    if (!options.cluster.empty()) return wrong("--cluster belongs to --trusted-profile");
    return std::nullopt;
  }
  if (!options.cluster.starts_with("crn:v1:")) {
    return wrong(
        fmt::format("--cluster {}: accepted: the CRN of a cluster (ibmcloud ks cluster get "
                    "--cluster NAME --output json | jq -r .crn)",
                    icr::quoted(options.cluster)));
  }
  if (!options.secret.empty() || options.manager) {
    return wrong(
        "--trusted-profile works without any key: leave --secret and "
        "--manager away");
  }
  const auto account = read_pair("--service-account", options.service_account);
  if (!account) return wrong(account.error());
  return iam::ProfileLink{{},
                          options.cluster_type == "roks" ? "ROKS_SA" : "IKS_SA",
                          options.cluster,
                          account->ns,
                          account->name};
}

Understood<std::vector<iam::ImageReference>> read_images(const ProvisionOptions& options) {
  std::vector<iam::ImageReference> images;
  for (const auto& text : options.images) {
    auto image = iam::parse_image_reference(text);
    if (!image) {
      return wrong(fmt::format("--image {}: accepted: HOST/NAMESPACE/NAME:TAG or …@sha256:…",
                               icr::quoted(text)));
    }
    images.push_back(std::move(*image));
  }
  return images;
}

}  // namespace

tl::expected<ProvisionRequest, std::string> read_request(const ProvisionOptions& options,
                                                         const icr::RegionTable& regions) {
  if (!provision::is_provision_name(options.name)) {
    return wrong(
        fmt::format("NAME {}: accepted: 1 to 50 lower-case letters, digits and inner "
                    "hyphens",
                    icr::quoted(options.name)));
  }
  ProvisionRequest request;
  request.name = options.name;
  request.role = options.role == "writer" ? "Writer" : "Reader";
  request.manager = options.manager;
  auto places = read_places(options, regions);
  if (!places) return wrong(places.error());
  request.places = std::move(*places);
  auto link = read_link(options);
  if (!link) return wrong(link.error());
  request.link = std::move(*link);
  if (!options.secret.empty()) {
    const bool alone = !options.ns.empty() && options.secret.find('/') == std::string::npos;
    auto secret = read_pair("--secret", alone ? options.ns + '/' + options.secret : options.secret);
    if (!secret) return wrong(secret.error());
    request.secret = std::move(*secret);
  } else if (!options.ns.empty()) {
    return wrong("-n is the namespace of --secret NAME, which is missing");
  } else if (options.manager) {
    return wrong(
        "--manager makes an API key: name its Secret with --secret "
        "NAMESPACE/NAME");
  }
  auto images = read_images(options);
  if (!images) return wrong(images.error());
  request.images = std::move(*images);
  return request;
}

}  // namespace icrps::cli
