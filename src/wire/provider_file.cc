#include "wire/provider_file.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <utility>

#include "base/ascii.h"
#include "base/ip_address.h"
#include "wire/csv_line.h"
#include "wire/provider_values.h"

namespace leumund::wire {
namespace {

using base::Error;
using base::ErrorCode;
using model::ProviderFigure;
using Fields = std::vector<std::string>;

constexpr std::size_t line_bytes_max = 64UL << 10;
constexpr std::size_t rows_max = 200'000;
constexpr std::size_t words_bytes_max = 300;
constexpr std::size_t problems_kept = 20;

std::string address_of(const std::string& text) {
  const auto address = base::IpAddress::parse(text);
  return address ? address->to_string() : "";
}

std::string domain_of(const std::string& text) {
  std::string name = base::ascii_lower(text);
  const bool fits = std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
  });
  return fits && name.contains('.') && name.size() <= 253 && !name.starts_with('.') ? name : "";
}

std::optional<std::uint64_t> count_of(std::string text) {
  std::erase(text, ',');  // "1,234" in quotes
  std::uint64_t value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

// "" where nothing may stand, else a number; false: it is none.
bool read_count(const std::string& text, std::optional<std::uint64_t>& value) {
  if (text.empty() || text == "-") return true;
  value = count_of(text);
  return value.has_value();
}

// A figure, or what is wrong with the line.
using Row = base::Result<ProviderFigure>;
Error bad(std::string_view what, const std::string& text) {
  return {ErrorCode::malformed, fmt::format("{} '{}'", what, text.substr(0, 60))};
}

Row snds_row(const Fields& fields) {
  if (fields.size() < 13) {
    return Error{ErrorCode::malformed, fmt::format("{} fields instead of 14", fields.size())};
  }
  ProviderFigure out;
  out.source = "snds";
  out.place = address_of(fields[0]);
  if (out.place.empty()) return bad("no address:", fields[0]);
  const auto from = read_provider_date(fields[1]);
  const auto until = read_provider_date(fields[2]);
  if (!from || !until || *until < *from)
    return bad("no activity period:", fields[1] + ", " + fields[2]);
  out.from = *from;
  out.until = *until;
  if (!read_count(fields[5], out.mails)) return bad("no number of recipients:", fields[5]);
  out.colour = base::ascii_lower(fields[6]);
  if (!out.colour.empty() && out.colour != "green" && out.colour != "yellow" &&
      out.colour != "red") {
    return bad("no filter result:", fields[6]);
  }
  if (!fields[7].empty()) {
    const auto share = read_share(fields[7]);
    if (!share) return bad("no complaint rate:", fields[7]);
    out.complaint_share = share->value;
    out.share_is_below = share->is_below;
  }
  if (!read_count(fields[10], out.trap_hits)) return bad("no number of trap hits:", fields[10]);
  if (fields.size() > 13) out.comment = fields[13].substr(0, words_bytes_max);
  return out;
}

Row status_row(const Fields& fields) {
  ProviderFigure out;
  out.source = "snds-status";
  const std::string first = address_of(fields[0]);
  const std::string last = fields.size() > 1 ? address_of(fields[1]) : "";
  if (fields.size() < 3 || first.empty() || last.empty()) return bad("no addresses:", fields[0]);
  out.place = first == last ? first : first + "-" + last;
  const std::string blocked = base::ascii_lower(fields[2]);
  if (blocked != "yes" && blocked != "no") return bad("neither Yes nor No:", fields[2]);
  out.colour = blocked == "yes" ? "red" : "green";
  if (fields.size() > 3) out.comment = fields[3].substr(0, words_bytes_max);
  return out;
}

// Which field of a feedback loop's summary stands where.
struct Columns {
  std::map<std::string, std::size_t> at;

  [[nodiscard]] const std::string* of(const Fields& fields, const char* name) const {
    const auto found = at.find(name);
    return found == at.end() || found->second >= fields.size() ? nullptr : &fields[found->second];
  }
};

std::optional<Columns> summary_columns(const Fields& titles) {
  static const std::map<std::string_view, const char*> known = {{"ip", "address"},
                                                                {"ip address", "address"},
                                                                {"source ip", "address"},
                                                                {"sending ip", "address"},
                                                                {"address", "address"},
                                                                {"domain", "domain"},
                                                                {"dkim domain", "domain"},
                                                                {"sender domain", "domain"},
                                                                {"date", "date"},
                                                                {"day", "date"},
                                                                {"complaint date", "date"},
                                                                {"complaints", "complaints"},
                                                                {"complaint count", "complaints"},
                                                                {"spam complaints", "complaints"},
                                                                {"reports", "complaints"},
                                                                {"count", "complaints"},
                                                                {"delivered", "mails"},
                                                                {"messages", "mails"},
                                                                {"mails", "mails"},
                                                                {"volume", "mails"},
                                                                {"message volume", "mails"},
                                                                {"complaint rate", "share"},
                                                                {"rate", "share"},
                                                                {"reporter", "reporter"},
                                                                {"provider", "reporter"},
                                                                {"mailbox provider", "reporter"},
                                                                {"fbl", "reporter"},
                                                                {"trap hits", "traps"}};
  Columns columns;
  for (std::size_t i = 0; i < titles.size(); ++i) {
    std::string title = base::ascii_lower(titles[i]);
    std::replace(title.begin(), title.end(), '_', ' ');
    const auto found = known.find(title);
    if (found != known.end()) columns.at.try_emplace(found->second, i);
  }
  const bool place = columns.at.contains("address") || columns.at.contains("domain");
  if (!place || !columns.at.contains("date") || !columns.at.contains("complaints")) {
    return std::nullopt;
  }
  return columns;
}

Row summary_row(const Columns& columns, const Fields& fields) {
  ProviderFigure out;
  out.source = "fbl";
  const std::string* address = columns.of(fields, "address");
  const std::string* domain = columns.of(fields, "domain");
  if (address != nullptr) out.place = address_of(*address);
  if (out.place.empty() && domain != nullptr) out.place = domain_of(*domain);
  if (out.place.empty()) return bad("no address or domain:", fields[0]);
  const std::string* date = columns.of(fields, "date");
  const auto at = date == nullptr ? std::nullopt : read_provider_date(*date);
  if (!at) return bad("no date:", date == nullptr ? "" : *date);
  out.from = *at;
  out.until = *at + std::chrono::hours(24);
  const std::string* complaints = columns.of(fields, "complaints");
  out.complaints = complaints == nullptr ? std::nullopt : count_of(*complaints);
  if (!out.complaints)
    return bad("no number of complaints:", complaints == nullptr ? "" : *complaints);
  if (const auto* mails = columns.of(fields, "mails"); mails && !read_count(*mails, out.mails)) {
    return bad("no number of mails:", *mails);
  }
  if (const auto* traps = columns.of(fields, "traps");
      traps && !read_count(*traps, out.trap_hits)) {
    return bad("no number of trap hits:", *traps);
  }
  if (const auto* share = columns.of(fields, "share"); share && !share->empty()) {
    const auto read = read_share(*share);
    if (!read) return bad("no complaint rate:", *share);
    out.complaint_share = read->value;
    out.share_is_below = read->is_below;
  } else if (out.mails && *out.mails > 0 && *out.complaints <= *out.mails) {
    out.complaint_share = static_cast<double>(*out.complaints) / static_cast<double>(*out.mails);
  }
  if (const auto* who = columns.of(fields, "reporter")) out.reporter = who->substr(0, 100);
  return out;
}

// What the first line that says something makes of a file.
struct Layout {
  std::string kind;
  bool titles = false;  // the line is no row
  Columns columns;
};

std::optional<Layout> layout_of(const Fields& fields) {
  if (auto columns = summary_columns(fields)) return Layout{"fbl", true, std::move(*columns)};
  const std::string first = base::ascii_lower(fields[0]);
  if (first == "ip address" || first == "first ip") {
    return Layout{fields.size() > 6 ? "snds" : "snds-status", true, {}};
  }
  if (address_of(fields[0]).empty()) return std::nullopt;
  if (fields.size() >= 13) return Layout{"snds", false, {}};
  const std::string third = fields.size() > 2 ? base::ascii_lower(fields[2]) : "";
  if (third == "yes" || third == "no") return Layout{"snds-status", false, {}};
  return std::nullopt;
}

Row row_of(const Layout& layout, const Fields& fields) {
  if (layout.kind == "snds") return snds_row(fields);
  if (layout.kind == "snds-status") return status_row(fields);
  return summary_row(layout.columns, fields);
}

}  // namespace

void add_problem(ProviderRows& rows, std::string problem) {
  ++rows.bad;
  if (rows.problems.size() < problems_kept) rows.problems.push_back(std::move(problem));
}

base::Result<ProviderRows> read_provider_file(std::string_view text) {
  if (text.size() > provider_file_bytes_max) {
    return Error{ErrorCode::too_large,
                 fmt::format("it is over {} MiB large", provider_file_bytes_max >> 20)};
  }
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  ProviderRows rows;
  const auto begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return rows;  // nothing to tell: SNDS without traffic
  if (text[begin] == '{' || text[begin] == '[') {
    rows.kind = "postmaster";
    if (read_postmaster(text, rows)) return rows;
    return Error{ErrorCode::malformed, "it is no JSON of Google's trafficStats"};
  }
  std::optional<Layout> layout;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const auto end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.find_first_not_of(" \t\r,") == std::string_view::npos) continue;
    const auto fields = line.size() > line_bytes_max ? std::nullopt : split_csv(line);
    if (!layout) {
      if (fields) layout = layout_of(*fields);
      if (!layout) {
        return Error{ErrorCode::malformed,
                     fmt::format("line {} tells of no kind that is known: SNDS, Postmaster Tools "
                                 "or a summary with address or domain, date and complaints",
                                 number)};
      }
      rows.kind = layout->kind;
      if (layout->titles) continue;
    }
    if (rows.figures.size() == rows_max) {
      add_problem(rows, fmt::format("line {}: more than {} rows", number, rows_max));
      break;
    }
    auto row = fields ? row_of(*layout, *fields) : Row(bad("is no CSV:", std::string(line)));
    if (row) {
      rows.figures.push_back(std::move(*row));
    } else {
      add_problem(rows, fmt::format("line {}: {}", number, row.error().message));
    }
  }
  return rows;
}

}  // namespace leumund::wire
