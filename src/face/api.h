// The HTTP interface: /v1/VERB with the same words as the command, /metrics, /healthz.
//
// Flow:    net's HTTP server -> Call -> Api::handle -> Control -> Reply. The stream is served by
//          ApiService from the StreamRing.
// Limits:  64 parameters, 64 KiB of body, 16 MiB for POST /v1/events and /v1/reports; lists are cut
//          at 1,000.
// Threads: any, several calls at once.
// Errors:  every failure is {"error":{"code":...,"message":...}} with a fitting status. A token is
//          compared in constant time.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/guarded.h"
#include "base/time.h"
#include "face/control.h"

namespace leumund::face {

// Through which door a caller came: whoever may write to the Unix socket may do everything; over
// TCP only reading, unless a token is set and given.
enum class Door : std::uint8_t { unix_socket, tcp };

struct Call {
  Door door = Door::unix_socket;
  std::string_view method;                    // "GET", "POST"
  std::string_view path;                      // "/v1/explain"
  std::map<std::string, std::string> params;  // of the query, decoded
  std::string_view body;
  std::string_view authorization;  // header values, "" if missing
  std::string_view host;
  std::string_view origin;
  std::string_view fetch_site;  // Sec-Fetch-Site
};

struct Reply {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  bool stream = false;  // server-sent events follow from the ring, after `stream_after`
  std::uint64_t stream_after = 0;
};

struct ApiSettings {
  std::string token;  // "" none
  bool metrics = true;
};

// Limits that the HTTP server enforces before a body is read whole.
constexpr std::size_t verb_body_max = 64U << 10;
constexpr std::size_t events_body_max = 16U << 20;
[[nodiscard]] std::size_t body_max(std::string_view method, std::string_view path);

class Api {
 public:
  // `metrics_text` makes the text of /metrics.
  Api(Control& control, std::function<std::string()> metrics_text, ApiSettings settings)
      : control_(control), metrics_text_(std::move(metrics_text)) {
    set_settings(std::move(settings));
  }

  [[nodiscard]] Reply handle(const Call& call, base::TimePoint now);
  void set_settings(ApiSettings settings) {
    settings_.publish(std::make_shared<const ApiSettings>(std::move(settings)));
  }

 private:
  Control& control_;
  std::function<std::string()> metrics_text_;
  base::Published<ApiSettings> settings_;
};

// The OpenAPI description, from the same table that routes the calls.
[[nodiscard]] std::string openapi_json();

// Reads the bearer token of `file`: its first line, 16 to 512 printable bytes without spaces.
[[nodiscard]] base::Result<std::string> read_token(const std::string& file);

}  // namespace leumund::face
