// Proves at the registries that a key may pull from the places that it was made for.
// Thread safety: none. Blocks for as long as it has patience.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "iam/client.hpp"
#include "iam/pure/registry_images.hpp"
#include "iam/registry_probe.hpp"
#include "provision/account.hpp"
#include "provision/pure/place.hpp"

namespace icrps::provision {

struct Proof {
  enum class Result {
    kPulled,    ///< the manifest of an image was read
    kNoImage,   ///< the login is good; there is no image that could be pulled
    kNotAsked,  ///< no region was named, so there is no host to ask
    kRefused,
  };
  Place place;
  std::string host;  ///< empty: not asked
  Result result = Result::kRefused;
  std::string detail;  ///< the image, or why not
};

/// "pulled", "no image", "not asked", "refused"
[[nodiscard]] std::string_view to_string(Proof::Result result);

class Prover {
 public:
  /// All outlive it. `connect` is the registries' (iam/registry_probe.hpp).
  Prover(iam::Client& iam, const iam::RegistryProbe& registries,
         iam::RegistryProbe::Connect connect, const icr::RegionTable& regions,
         std::string account_id, Waiting waiting)
      : iam_(iam),
        registries_(registries),
        connect_(std::move(connect)),
        regions_(regions),
        account_id_(std::move(account_id)),
        waiting_(std::move(waiting)) {}

  /// One for each place. Policies take a while to reach the registries: a refusal is asked again
  /// while there is patience. `images`: those to pull; for other places one is looked up.
  [[nodiscard]] std::vector<Proof> prove(const SecretString& key, const std::vector<Place>& places,
                                         const std::vector<iam::ImageReference>& images);

 private:
  [[nodiscard]] Proof prove_once(const SecretString& key, const Place& place,
                                 const std::optional<iam::ImageReference>& image);
  /// An image of the registry namespace, for somebody with this token.
  [[nodiscard]] tl::expected<iam::ImageList, iam::Refusal> find_image(const std::string& host,
                                                                      const std::string& ns,
                                                                      const SecretString& token);
  [[nodiscard]] tl::expected<SecretString, iam::Refusal> log_in(const SecretString& key);

  iam::Client& iam_;
  const iam::RegistryProbe& registries_;
  const iam::RegistryProbe::Connect connect_;
  const icr::RegionTable& regions_;
  const std::string account_id_;
  const Waiting waiting_;
};

}  // namespace icrps::provision
