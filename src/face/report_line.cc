#include "face/report_line.h"

#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "base/ascii.h"
#include "wire/list_name.h"

namespace leumund::face {
namespace {

using base::Error;
using base::ErrorCode;
using Json = nlohmann::json;

constexpr std::size_t reporter_bytes_max = 320;
constexpr double seconds_max = 1e11;

Error malformed(std::string what) { return {ErrorCode::malformed, std::move(what)}; }

base::Result<base::TimePoint> time_of(const Json& json) {
  if (json.is_number()) {
    const double seconds = json.get<double>();
    if (seconds >= 0 && seconds < seconds_max) return base::from_unix_seconds(seconds);
  } else if (json.is_string()) {
    auto at = base::parse_rfc3339(json.get_ref<const std::string&>());
    if (at) return at;
  }
  return malformed("at is no time: want Unix seconds or RFC 3339");
}

}  // namespace

base::Result<ReportLine> parse_report_line(std::string_view line, base::TimePoint now) {
  if (line.size() > report_line_bytes_max) {
    return Error{ErrorCode::too_large, fmt::format("{} bytes is over the limit of {} bytes",
                                                   line.size(), report_line_bytes_max)};
  }
  const Json json = Json::parse(line, nullptr, false);
  if (!json.is_object()) return malformed("is no JSON object");
  ReportLine out;
  const auto text = [&](const char* name) {
    const auto found = json.find(name);
    return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  out.domain = text("domain");
  out.account = text("account");
  if (json.contains("client")) {
    out.client = base::IpAddress::parse(text("client"));
    if (!out.client) return malformed("client is no address");
  }
  if (!out.domain.empty()) {
    const auto name = wire::list_name(model::ListKind::domains, out.domain, true);
    if (!name) return malformed("domain: " + name.error().message);
  }
  if (!out.account.empty()) {
    const auto sha1 = wire::list_name(model::ListKind::sha1, out.account, true);
    const auto sha256 = wire::list_name(model::ListKind::sha256, out.account, true);
    if (!sha1 && !sha256) return malformed("account: " + sha1.error().message);
  }
  if (!out.client && out.domain.empty() && out.account.empty()) {
    return malformed("has no client, domain or account");
  }
  if (json.contains("kind")) {
    const auto kind = model::parse_abuse_kind(text("kind"));
    if (!kind) {
      return malformed(
          "kind is none of complaint, pristine_trap, recycled_trap, typo_trap, honeypot");
    }
    out.kind = *kind;
  }
  out.reporter = base::ascii_lower(text("reporter"));
  if (out.reporter.empty() || out.reporter.size() > reporter_bytes_max) {
    return malformed("reporter wants 1 to 320 bytes");
  }
  out.at = now;
  if (const auto at = json.find("at"); at != json.end()) {
    const auto read = time_of(*at);
    if (!read) return read.error();
    out.at = *read;
  }
  return out;
}

}  // namespace leumund::face
