// What providers tell senders about their own addresses and domains, taken in as files: Microsoft's
// SNDS, Google's Postmaster Tools, summaries of feedback loops.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"

namespace leumund::model {

// One row: an address or domain over a span of time. What a provider does not tell is nothing.
struct ProviderFigure {
  std::string source;  // "snds", "snds-status", "postmaster", "fbl"
  std::string place;   // "192.0.2.25", "192.0.2.0-192.0.2.255", "example.org"
  base::TimePoint from;
  base::TimePoint until;
  std::string colour;                     // "green", "yellow", "red"; "" not told
  std::optional<std::uint64_t> mails;     // recipients or mails that they saw
  std::optional<double> complaint_share;  // 0 to 1, of these
  bool share_is_below = false;            // "< 0.1%"
  std::optional<std::uint64_t> complaints;
  std::optional<std::uint64_t> trap_hits;
  std::string reporter;  // of a feedback loop's summary: whose users complained
  std::string comment;   // the provider's own words, or figures that only it has

  bool operator==(const ProviderFigure&) const = default;
};

struct ProviderFile {
  std::string name;
  std::string kind;  // as ProviderFigure::source; "" none that is known
  std::uint64_t rows = 0;
  std::uint64_t bad = 0;              // lines that could not be read
  std::vector<std::string> problems;  // the first of them: "line 3: ..."
  base::TimePoint read_at;
  base::TimePoint written;  // the file's own time
};

struct ProviderReports {
  std::string folder;  // "" none is configured
  std::string trouble;
  std::vector<ProviderFile> files;
  std::vector<ProviderFigure> figures;  // the latest of each source, place and reporter
  std::uint64_t older = 0;              // further rows that are known
};

}  // namespace leumund::model
