// Files in which providers tell senders about their addresses and domains:
//
//   snds         Microsoft SNDS, "data.aspx": CSV of 14 fields (address, activity period, RCPT and
//                DATA commands, recipients, filter result, complaint rate, trap period, trap hits,
//                sample HELO and MAIL FROM, comments), with or without a line of titles
//   snds-status  Microsoft SNDS, "ipStatus.aspx": first address, last address, blocked, details
//   postmaster   Google Postmaster Tools: the API's trafficStats, one object or a list (JSON)
//   fbl          summaries of feedback loops: CSV with titles, of which an address or domain, a
//                date and complaints are needed
//
// Limits:  files of 16 MiB, lines of 64 KiB, 200,000 rows; the first 20 problems are kept in words.
// Threads: pure.
// Errors:  a line that cannot be read is counted and named, the others are taken. Malformed: no
//          line says which kind of file it is.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/provider_report.h"

namespace leumund::wire {

inline constexpr std::size_t provider_file_bytes_max = 16UL << 20;

struct ProviderRows {
  std::string kind;
  std::vector<model::ProviderFigure> figures;
  std::uint64_t bad = 0;
  std::vector<std::string> problems;  // "line 3: ..."
};

[[nodiscard]] base::Result<ProviderRows> read_provider_file(std::string_view text);

}  // namespace leumund::wire
