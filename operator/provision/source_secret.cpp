#include "provision/source_secret.hpp"

#include <algorithm>
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "icr/base64.hpp"

namespace icrps::provision {
namespace {

using ErrorKind = kube::ApiError::Kind;

constexpr std::string_view kSecretsPath = "secrets";

std::string annotation(const kube::Object& object, const char* name) {
  const auto found = object.annotations.find(name);
  return found == object.annotations.end() ? std::string() : found->second;
}

SourceSecret::Content content_of(const kube::Object& object) {
  SourceSecret::Content content;
  content.exists = true;
  content.name = annotation(object, kNameAnnotation);
  content.began = annotation(object, kBeganAnnotation);
  content.uid = object.uid;
  content.resource_version = object.resource_version;
  for (const auto& [key, value] : object.data) {
    if (key != kApiKeyField) continue;
    // What is no base64 the API server does not keep.
    content.value = SecretString(icr::base64_decode(value.reveal()).value_or(""));
  }
  return content;
}

}  // namespace

std::string SourceSecret::words(const kube::ApiError& error) const {
  if (error.kind == ErrorKind::kAlreadyExists || error.kind == ErrorKind::kConflict) {
    return fmt::format("Secret {}/{} was changed by somebody else at this moment; run it again",
                       name_.ns, name_.name);
  }
  return fmt::format("Secret {}/{}: {}", name_.ns, name_.name, error.message);
}

SourceSecret::Result<void> SourceSecret::accept(kube::Reply reply) {
  if (!reply) return tl::unexpected(words(reply.error()));
  content_ = content_of(*reply);
  return {};
}

SourceSecret::Result<std::string> SourceSecret::namespace_uid() {
  auto reply = client_.get({"namespaces", {}, name_.ns});
  if (reply) return reply->uid;
  if (reply.error().kind == ErrorKind::kNotFound) {
    return tl::unexpected(
        fmt::format("there is no namespace {0}. Make it: kubectl create namespace {0}", name_.ns));
  }
  return tl::unexpected(fmt::format("namespace {}: {}", name_.ns, reply.error().message));
}

SourceSecret::Result<SourceSecret::Content> SourceSecret::read() {
  auto reply = client_.get({kSecretsPath, name_.ns, name_.name});
  if (reply) {
    content_ = content_of(*reply);
  } else if (reply.error().kind == ErrorKind::kNotFound) {
    content_ = {};
  } else {
    return tl::unexpected(words(reply.error()));
  }
  return content_;
}

SourceSecret::Result<void> SourceSecret::claim(const std::string& provision_name,
                                               const std::string& stamp) {
  nlohmann::json metadata{
      {"annotations", {{kNameAnnotation, provision_name}, {kBeganAnnotation, stamp}}}};
  if (content_.exists) {
    metadata["resourceVersion"] = content_.resource_version;
    const nlohmann::json patch{{"metadata", std::move(metadata)}};
    return accept(client_.patch({kSecretsPath, name_.ns, name_.name},
                                kube::Client::PatchType::kMerge, patch.dump()));
  }
  metadata["name"] = name_.name;
  const nlohmann::json body{{"apiVersion", "v1"},
                            {"kind", "Secret"},
                            {"type", "Opaque"},
                            {"metadata", std::move(metadata)}};
  return accept(client_.create({kSecretsPath, name_.ns, {}}, body.dump()));
}

tl::expected<void, SourceSecret::NotStored> SourceSecret::store(const SecretString& value) {
  const nlohmann::json patch{{"metadata",
                              {{"resourceVersion", content_.resource_version},
                               {"annotations", {{kBeganAnnotation, nullptr}}}}},
                             {"data", {{kApiKeyField, icr::base64_encode(value.reveal())}}}};
  auto reply = client_.patch({kSecretsPath, name_.ns, name_.name}, kube::Client::PatchType::kMerge,
                             patch.dump());
  if (reply) {
    content_ = content_of(*reply);
    return {};
  }
  const auto why = words(reply.error());
  const bool refused =
      reply.error().kind != ErrorKind::kNoAnswer && reply.error().kind != ErrorKind::kServer;
  if (refused) return tl::unexpected(NotStored{why, false});
  const auto now = read();  // it may have been written all the same
  if (!now) return tl::unexpected(NotStored{why, true});
  if (now->value == value) return {};
  return tl::unexpected(NotStored{why, false});
}

SourceSecret::Result<void> SourceSecret::remove() {
  const nlohmann::json options{
      {"preconditions", {{"uid", content_.uid}, {"resourceVersion", content_.resource_version}}}};
  const auto reply = client_.remove({kSecretsPath, name_.ns, name_.name}, options.dump());
  if (!reply && reply.error().kind != ErrorKind::kNotFound) {
    return tl::unexpected(words(reply.error()));
  }
  return {};
}

}  // namespace icrps::provision
