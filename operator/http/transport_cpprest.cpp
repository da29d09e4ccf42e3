#include "http/transport_cpprest.hpp"

#include <algorithm>
#include <cpprest/http_client.h>
#include <openssl/ssl.h>
#include <optional>
#include <pplx/threadpool.h>
#include <stdexcept>
#include <utility>

#include "http/cpprest/clients.hpp"
#include "http/cpprest/endpoint.hpp"
#include "http/cpprest/exchange.hpp"
#include "http/cpprest/loop.hpp"
#include "http/cpprest/slots.hpp"
#include "http/cpprest/tls_setup.hpp"
#include "http/names/journey.hpp"
#include "http/names/resolver_cares.hpp"
#include "runtime/digest.hpp"

namespace icrps::http {
namespace {

using cpprest::Call;
using cpprest::Client;
using cpprest::Clients;
using cpprest::Clock;
using cpprest::Endpoint;
using cpprest::Feed;
using cpprest::Route;
using cpprest::Slots;
using cpprest::TlsSetup;
using names::Journey;

/// The library's own timer looks at each step by itself and is per client. Ours do the work; this
/// only has to be longer than any of them.
constexpr std::chrono::hours kNever{24 * 365};
/// How much of a body without chunks the library collects before it hands it on.
constexpr std::size_t kBlock = std::size_t{64} << 10U;
constexpr std::size_t kStreamBlock = std::size_t{4} << 10U;
/// Of an answer that refuses a stream.
constexpr std::size_t kMaxRefusal = std::size_t{1} << 20U;
constexpr int kOk = 200;

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == '\x7f';
}

void check_header(const Header& header) {
  const bool bad_name = header.name.empty() ||
                        header.name.find_first_of(" :\t") != std::string::npos ||
                        std::any_of(header.name.begin(), header.name.end(), is_control);
  if (bad_name) throw std::invalid_argument("a header's name is not a name");
  if (std::any_of(header.value.begin(), header.value.end(),
                  [](char c) { return is_control(c) && c != '\t'; })) {
    throw std::invalid_argument("the header " + header.name + " has a control character");
  }
}

void check_target(const std::string& target) {
  const bool origin_form = target.starts_with('/') && !target.starts_with("//") &&
                           target.find('#') == std::string::npos &&
                           web::http::uri::validate(target);
  if (!origin_form) throw std::invalid_argument("not a request target in origin form: " + target);
}

/// A proxy that has taken a connection and then says nothing is noticed by the library alone: it
/// looks at a stop request before it asks for the tunnel and after. The caller has gone by then.
constexpr std::chrono::minutes kTunnelPatience{1};
/// A stream's: longer than any stream may be silent.
constexpr std::chrono::minutes kTunnelStreamPatience{10};

/// Where connections go: to the origin, or to the proxy before it.
struct Way {
  std::string host;
  bool literal = false;  ///< an IP address: there is nothing to look up
  std::string peer;      ///< for messages: "us.icr.io:443", or with the proxy by which
};

Way way_of(const TransportOptions& options, const Endpoint& endpoint) {
  if (!options.proxy) return {endpoint.host, endpoint.literal, endpoint.peer};
  if (!endpoint.tls) throw std::invalid_argument("a proxy is for https:// only");
  const auto& host = options.proxy->host;
  return {host, cpprest::is_ip_literal(host),
          endpoint.peer + " by proxy " + options.proxy->address()};
}

/// Who looks up the name; nobody, when there is nothing to look up.
std::shared_ptr<Resolver> resolver_of(const TransportOptions& options, const Way& way) {
  if (way.literal) return nullptr;
  return options.resolver ? options.resolver : make_resolver();
}

/// Another login means another client: the library's connections know theirs.
std::string client_key(const std::string& address, const std::optional<ProxyLogin>& login) {
  if (!login) return address;
  return address + " " + digest({login->user, login->password.reveal()}, 64);
}

class CpprestTransport final : public Transport {
 public:
  explicit CpprestTransport(TransportOptions options)
      : options_(std::move(options)),
        endpoint_(cpprest::parse_origin(options_.origin)),
        way_(way_of(options_, endpoint_)),
        resolver_(resolver_of(options_, way_)),
        tls_(endpoint_.tls ? std::make_shared<TlsSetup>(endpoint_, options_) : nullptr),
        slots_(options_.max_in_flight) {
    if (options_.max_in_flight == 0) throw std::invalid_argument("max_in_flight is 0");
    check_header({"User-Agent", options_.user_agent});
  }

  ~CpprestTransport() override {
    if (tls_) tls_->retire();
  }

  CpprestTransport(const CpprestTransport&) = delete;
  CpprestTransport& operator=(const CpprestTransport&) = delete;
  CpprestTransport(CpprestTransport&&) = delete;
  CpprestTransport& operator=(CpprestTransport&&) = delete;

  Result send(const Request& request, std::stop_token stop) override;
  StreamEnd stream(const StreamRequest& request,
                   const std::function<bool(std::string_view)>& on_bytes,
                   std::stop_token stop) override;

 private:
  using OnBytes = std::function<bool(std::string_view)>;

  /// One that goes to this address, by whatever road.
  [[nodiscard]] Client make_client(const std::string& address, std::size_t block) const;
  void go_by_proxy(web::http::client::http_client_config& config, const std::string& address,
                   bool stream) const;
  [[nodiscard]] std::optional<ProxyLogin> proxy_login() const;
  /// Everything but the body.
  [[nodiscard]] web::http::http_request prepare(Method method, const std::string& target,
                                                const std::vector<Header>& headers) const;
  /// Calls `visit` with one address after the other, until there was a connection or something
  /// else than its want ended it. The failure: there was no address, or no connection to any.
  std::optional<Failure> travel(Clock::time_point deadline, const std::stop_token& stop,
                                const std::function<Journey::Visit(const Journey::Leg&)>& visit);
  Call::Outcome send_to(const Journey::Leg& leg, const Request& request, Clock::time_point deadline,
                        const std::stop_token& stop);
  Call::Outcome attempt(const Journey::Leg& leg, const Request& request, Clock::time_point deadline,
                        const std::stop_token& stop);
  Journey::Visit stream_from(const Journey::Leg& leg, const StreamRequest& request,
                             Clock::time_point head_deadline, const OnBytes& on_bytes,
                             const std::stop_token& stop, StreamEnd& end);
  [[nodiscard]] Route route(const Client& client, const Journey::Leg& leg) const {
    return {client, tls_, way_.peer, leg.connect_by};
  }
  void look_at(int status) const {
    constexpr int kUnauthorized = 401;
    if (status == kUnauthorized && options_.on_unauthorized) options_.on_unauthorized();
  }
  [[nodiscard]] Failure no_slot(const std::stop_token& stop) const;
  [[nodiscard]] Failure stopped() const {
    return {Failure::Kind::kCanceled, way_.peer + ": stopped by the caller"};
  }

  const TransportOptions options_;
  const Endpoint endpoint_;
  const Way way_;
  const std::shared_ptr<Resolver> resolver_;  // none: it goes to an address
  const std::shared_ptr<TlsSetup> tls_;       // shared with clients that outlive a cancelled call
  names::LastGood last_good_;
  Slots slots_;
  Clients clients_;
};

void CpprestTransport::go_by_proxy(web::http::client::http_client_config& config,
                                   const std::string& address, bool stream) const {
  web::web_proxy proxy(web::http::uri(cpprest::proxy_at(address, options_.proxy->port)));
  if (const auto login = proxy_login()) {
    proxy.set_credentials(web::credentials(login->user, login->password.reveal()));
  }
  config.set_proxy(std::move(proxy));
  if (stream) {
    config.set_timeout(kTunnelStreamPatience);
  } else {
    config.set_timeout(kTunnelPatience);
  }
}

std::optional<ProxyLogin> CpprestTransport::proxy_login() const {
  if (!options_.proxy) return std::nullopt;
  if (options_.proxy_login) {
    if (auto login = options_.proxy_login()) return login;
  }
  return options_.proxy->login;
}

Client CpprestTransport::make_client(const std::string& address, std::size_t block) const {
  web::http::client::http_client_config config;
  config.set_timeout(kNever);
  config.set_max_redirects(0);
  config.set_chunksize(block);
  config.set_tlsext_sni_enabled(false);  // TlsSetup announces the name
  if (tls_) {
    config.set_ssl_context_callback(
        [tls = tls_](boost::asio::ssl::context& context) { tls->apply(context); });
  }
  if (options_.proxy) {
    go_by_proxy(config, address, block == kStreamBlock);
    return {web::http::uri(cpprest::base_by_proxy(endpoint_)), config};
  }
  if (tls_) {
    // Through a proxy the library's connection is no TLS stream yet when this is called.
    config.set_nativehandle_options([](web::http::client::native_handle connection) {
      TlsSetup::remember_socket(*static_cast<TlsSetup::Stream*>(connection));
    });
  }
  return {web::http::uri(cpprest::base_at(endpoint_, address)), config};
}

web::http::http_request CpprestTransport::prepare(Method method, const std::string& target,
                                                  const std::vector<Header>& headers) const {
  check_target(target);
  web::http::http_request result{web::http::method(to_string(method))};
  result.set_request_uri(web::http::uri(target));
  auto& out = result.headers();
  out.add("Host", endpoint_.host_header);
  out.add("User-Agent", options_.user_agent);
  for (const auto& header : headers) {
    check_header(header);
    out.add(header.name, header.value);
  }
  if (options_.authorization) {
    if (const auto value = options_.authorization()) {
      check_header({"Authorization", value->reveal()});
      out.add("Authorization", value->reveal());
    }
  }
  return result;
}

std::optional<Failure> CpprestTransport::travel(
    Clock::time_point deadline, const std::stop_token& stop,
    const std::function<Journey::Visit(const Journey::Leg&)>& visit) {
  if (!resolver_) {
    visit({way_.host, std::nullopt});
    return std::nullopt;
  }
  Journey journey(*resolver_, last_good_, Clock::now, {way_.host, way_.peer}, deadline, stop);
  while (const auto leg = journey.next()) {
    if (!journey.goes_on(visit(*leg))) return std::nullopt;
  }
  return journey.failure();
}

Result CpprestTransport::send(const Request& request, std::stop_token stop) {
  const auto deadline = Clock::now() + request.deadline;
  const auto slot = slots_.acquire(deadline, stop);
  if (!slot) return tl::unexpected(no_slot(stop));
  std::optional<Result> result;
  auto unreachable = travel(deadline, stop, [&](const Journey::Leg& leg) -> Journey::Visit {
    auto outcome = send_to(leg, request, deadline, stop);
    result.emplace(std::move(outcome.result));
    if (*result) return {outcome.connected, std::nullopt};
    return {outcome.connected, result->error()};
  });
  if (unreachable) return tl::unexpected(std::move(*unreachable));
  if (*result) look_at((*result)->status);
  return std::move(*result);
}

Call::Outcome CpprestTransport::send_to(const Journey::Leg& leg, const Request& request,
                                        Clock::time_point deadline, const std::stop_token& stop) {
  // Each attempt that couldn't even be sent has used up one dead connection of the pool.
  for (unsigned left = options_.max_in_flight;; --left) {
    auto outcome = attempt(leg, request, deadline, stop);
    if (!outcome.unsent || left == 0) return outcome;
  }
}

Call::Outcome CpprestTransport::attempt(const Journey::Leg& leg, const Request& request,
                                        Clock::time_point deadline, const std::stop_token& stop) {
  auto prepared = prepare(request.method, request.target, request.headers);
  if (stop.stop_requested()) return {tl::unexpected(stopped())};
  if (!request.body.empty()) {
    prepared.set_body(std::string(request.body), "application/octet-stream");
  }
  const auto client = clients_.to(client_key(leg.address, proxy_login()),
                                  [&] { return make_client(leg.address, kBlock); });
  const auto call = std::make_shared<Call>(route(client, leg), std::move(prepared), deadline,
                                           request.max_body, request.method == Method::kHead);
  call->start();
  const std::stop_callback on_stop(stop, [&] { call->abort(stopped()); });
  return call->wait();
}

Failure CpprestTransport::no_slot(const std::stop_token& stop) const {
  if (stop.stop_requested()) return stopped();
  return {Failure::Kind::kTimeout,
          way_.peer + ": the deadline passed while other requests were in flight"};
}

/// Lets go of a stream when its caller leaves, by whatever way.
class Leaving {
 public:
  explicit Leaving(std::shared_ptr<Feed> feed) : feed_(std::move(feed)) {}
  ~Leaving() { Feed::leave(std::move(feed_)); }
  Leaving(const Leaving&) = delete;
  Leaving& operator=(const Leaving&) = delete;
  Leaving(Leaving&&) = delete;
  Leaving& operator=(Leaving&&) = delete;

  [[nodiscard]] Feed& feed() const { return *feed_; }

 private:
  std::shared_ptr<Feed> feed_;
};

Response collect_refusal(Feed& feed, ResponseHead head) {
  Response refused;
  static_cast<ResponseHead&>(refused) = std::move(head);
  std::string bytes;
  while (refused.body.size() < kMaxRefusal && feed.next(bytes)) {
    refused.body.append(bytes, 0, kMaxRefusal - refused.body.size());
  }
  return refused;
}

/// What follows a head that is there.
StreamEnd read_stream(Feed& feed, ResponseHead head, const StreamRequest& request,
                      const std::function<bool(std::string_view)>& on_bytes,
                      const std::stop_token& stop, const Failure& stopped) {
  if (head.status != kOk) {
    auto refused = collect_refusal(feed, std::move(head));
    auto failure = feed.failure();
    if (failure) return {std::nullopt, std::move(failure)};
    return {std::move(refused), std::nullopt};
  }
  if (request.on_open) request.on_open();
  std::string bytes;
  while (feed.next(bytes)) {
    if (stop.stop_requested()) return {std::nullopt, stopped};
    if (!on_bytes(bytes)) return {};
  }
  return {std::nullopt, feed.failure()};
}

Journey::Visit CpprestTransport::stream_from(const Journey::Leg& leg, const StreamRequest& request,
                                             Clock::time_point head_deadline,
                                             const OnBytes& on_bytes, const std::stop_token& stop,
                                             StreamEnd& end) {
  auto prepared = prepare(Method::kGet, request.target, request.headers);
  end = {std::nullopt, stopped()};
  if (stop.stop_requested()) return {false, end.failure};
  const Leaving leaving(std::make_shared<Feed>(route(make_client(leg.address, kStreamBlock), leg),
                                               std::move(prepared), head_deadline,
                                               request.idle_limit));
  Feed& feed = leaving.feed();
  feed.start();
  const std::stop_callback on_stop(stop, [&] { feed.abort(stopped()); });
  auto head = feed.wait_head();
  if (head) {
    end = read_stream(feed, std::move(*head), request, on_bytes, stop, stopped());
  } else {
    end = {std::nullopt, feed.failure()};
  }
  return {feed.connected(), end.failure};
}

StreamEnd CpprestTransport::stream(const StreamRequest& request, const OnBytes& on_bytes,
                                   std::stop_token stop) {
  const auto head_deadline = Clock::now() + request.head_deadline;
  StreamEnd end;
  auto unreachable = travel(head_deadline, stop, [&](const Journey::Leg& leg) {
    return stream_from(leg, request, head_deadline, on_bytes, stop, end);
  });
  if (unreachable) return {std::nullopt, std::move(unreachable)};
  if (end.refused) look_at(end.refused->status);
  return end;
}

}  // namespace

void initialize_http() {
  // OpenSSL cleans up when the process ends, in the reverse order of first uses: it must be first
  // here, so that it is still whole when the pool goes with what connections are left.
  OPENSSL_init_ssl(0, nullptr);
  try {
    crossplat::threadpool::initialize_with_threads(1);
  } catch (const std::exception& e) {
    throw std::logic_error(std::string("initialize_http() comes too late: ") + e.what());
  }
  cpprest::neutralise_system_trust();
}

std::unique_ptr<Transport> make_cpprest_transport(TransportOptions options) {
  return std::make_unique<CpprestTransport>(std::move(options));
}

}  // namespace icrps::http
