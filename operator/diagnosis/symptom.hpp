// What the kubelet says about a container that does not start → what kind of
// trouble that is. Pure.
//
// The words are those of containerd 1.6 to 2.x and CRI-O 1.18 to 1.34 (which
// pass on those of containers/image), of the kubelet itself, and of IBM Cloud's
// registry.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace icrps::diagnosis {

enum class Symptom : std::uint8_t {
  kNone,          ///< nothing is said
  kBadName,       ///< the image's name is none
  kNeverPull,     ///< imagePullPolicy: Never, and this pod's logins never pulled it
                  ///< on this node
  kBrokenSecret,  ///< one of the pod's Secrets can't be read, so that no login
                  ///< was tried at all
  kAnonymous,     ///< no login was sent, and without one the registry refuses
  kRefused,       ///< a login was sent and refused
  kUnauthorized,  ///< refused, and the text does not say whether a login was
                  ///< sent
  kDenied,        ///< the login may not pull this
  kNotFound,      ///< no such image
  kPlatform,      ///< the image is not for the node's platform
  kQuota,         ///< the registry account's quota is used up
  kThrottled,     ///< too many requests
  kPrivateOnly,   ///< the registry account takes no requests from the public
                  ///< network
  kCertificate,   ///< the registry's certificate is not trusted
  kNoSuchHost,    ///< the host's name has no address
  kNoAnswer,      ///< no connection, or no answer in time
  kUnavailable,   ///< the registry answers with an error of its own
  kSignature,     ///< the image's signature was refused
  kNodeDisk,      ///< the node has no room for the image
  kUnknown,       ///< something else is said
};

/// As documents have it: "anonymous", "refused", …
[[nodiscard]] std::string_view to_string(Symptom symptom);

/// `reason` and `text` as in a container's state `waiting`, or of an event.
/// `image` is taken out of the text before it is read: whoever chose it must
/// not be able to choose the symptom.
[[nodiscard]] Symptom symptom_of(std::string_view reason, std::string_view text,
                                 std::string_view image);

}  // namespace icrps::diagnosis
