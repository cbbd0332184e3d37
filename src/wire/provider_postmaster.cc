// Google Postmaster Tools: trafficStats of its API, as JSON.
#include <fmt/core.h>

// Without its exceptions an unchecked result does not compile.
#define SIMDJSON_EXCEPTIONS 0
#include <simdjson.h>

#include <cmath>
#include <optional>
#include <utility>

#include "base/ip_address.h"
#include "wire/provider_file.h"
#include "wire/provider_values.h"

namespace leumund::wire {
namespace {

namespace dom = simdjson::dom;
using model::ProviderFigure;

constexpr std::size_t stats_max = 10'000;
constexpr std::size_t samples_max = 1'000;

std::string_view text_at(const dom::element& of, const char* name) {
  std::string_view out;
  return of[name].get(out) == simdjson::SUCCESS ? out : std::string_view();
}

std::optional<double> ratio_at(const dom::element& of, const char* name) {
  double out = 0;
  if (of[name].get(out) != simdjson::SUCCESS || !std::isfinite(out) || out < 0 || out > 1) {
    return std::nullopt;
  }
  return out;
}

std::string colour_of(std::string_view reputation) {
  if (reputation == "HIGH" || reputation == "MEDIUM") return "green";
  if (reputation == "LOW") return "yellow";
  return reputation == "BAD" ? "red" : "";
}

// "SPF 99.9 %, DKIM 100.0 %, errors: RATE_LIMIT_EXCEEDED 2.0 %".
std::string figures_of(const dom::element& stats) {
  static constexpr std::pair<const char*, const char*> names[] = {
      {"spfSuccessRatio", "SPF"},
      {"dkimSuccessRatio", "DKIM"},
      {"dmarcSuccessRatio", "DMARC"},
      {"inboundEncryptionRatio", "TLS"}};
  std::string out;
  for (const auto& [field, name] : names) {
    if (const auto share = ratio_at(stats, field)) {
      out += fmt::format("{}{} {:.1f} %", out.empty() ? "" : ", ", name, 100 * *share);
    }
  }
  dom::array errors;
  if (stats["deliveryErrors"].get(errors) != simdjson::SUCCESS) return out;
  constexpr std::size_t bytes_max = 300;
  for (const dom::element error : errors) {
    const auto share = ratio_at(error, "errorRatio");
    const std::string_view type = text_at(error, "errorType").substr(0, 60);
    if (!share || *share == 0 || out.size() > bytes_max) continue;
    out += fmt::format("{}{} {:.1f} %", out.empty() ? "" : ", ", type, 100 * *share);
  }
  return out;
}

// "domains/example.org/trafficStats/20261120".
bool read_name(std::string_view name, ProviderFigure& figure) {
  constexpr std::string_view head = "domains/", middle = "/trafficStats/";
  const auto at = name.find(middle);
  if (!name.starts_with(head) || at == std::string_view::npos || at <= head.size() || at > 270) {
    return false;
  }
  const auto day = read_provider_date(name.substr(at + middle.size()));
  if (!day) return false;
  figure.place = name.substr(head.size(), at - head.size());
  figure.from = *day;
  figure.until = *day + std::chrono::hours(24);
  return true;
}

void read_stats(const dom::element& stats, std::size_t number, ProviderRows& rows) {
  ProviderFigure figure;
  figure.source = "postmaster";
  if (!read_name(text_at(stats, "name"), figure)) {
    return add_problem(rows, fmt::format("entry {}: no name like domains/example.org/trafficStats/"
                                         "20261120: '{}'",
                                         number, text_at(stats, "name").substr(0, 60)));
  }
  figure.colour = colour_of(text_at(stats, "domainReputation"));
  figure.complaint_share = ratio_at(stats, "userReportedSpamRatio");
  figure.comment = figures_of(stats);
  rows.figures.push_back(figure);
  dom::array reputations;
  if (stats["ipReputations"].get(reputations) != simdjson::SUCCESS) return;
  for (const dom::element group : reputations) {
    dom::array samples;
    if (group["sampleIps"].get(samples) != simdjson::SUCCESS) continue;
    std::size_t taken = 0;
    for (const dom::element sample : samples) {
      std::string_view text;
      if (sample.get(text) != simdjson::SUCCESS || ++taken > samples_max) continue;
      const auto address = base::IpAddress::parse(text);
      if (!address) {
        add_problem(rows, fmt::format("entry {}: no address: '{}'", number, text.substr(0, 60)));
        continue;
      }
      ProviderFigure one;
      one.source = figure.source;
      one.place = address->to_string();
      one.from = figure.from;
      one.until = figure.until;
      one.colour = colour_of(text_at(group, "reputation"));
      one.comment = fmt::format("with {}", figure.place);
      rows.figures.push_back(std::move(one));
    }
  }
}

}  // namespace

bool read_postmaster(std::string_view text, ProviderRows& rows) {
  dom::parser parser;
  dom::element root;
  const simdjson::padded_string padded(text);
  if (parser.parse(padded).get(root) != simdjson::SUCCESS) return false;
  dom::array list;
  if (root["trafficStats"].get(list) != simdjson::SUCCESS && root.get(list) != simdjson::SUCCESS) {
    if (text_at(root, "name").empty()) return false;
    read_stats(root, 1, rows);
    return true;
  }
  std::size_t number = 0;
  for (const dom::element stats : list) {
    if (++number > stats_max) {
      add_problem(rows, fmt::format("more than {} entries", stats_max));
      break;
    }
    read_stats(stats, number, rows);
  }
  return true;
}

}  // namespace leumund::wire
