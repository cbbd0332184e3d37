#include "wire/feedback_report.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/ascii.h"
#include "wire/delivery_report_phrases.h"
#include "wire/mime_header.h"

namespace leumund::wire {
namespace {

constexpr std::size_t part_bytes = 64UL * 1024;
constexpr std::size_t recipients_kept = 100;

std::string lowered(std::string_view text) {
  return base::ascii_lower(trim_blanks(text).substr(0, 200));
}

// "abuse" of `"abuse" (reported as spam)`.
std::string first_word(std::string_view value) {
  value = trim_blanks(value);
  if (value.starts_with('"')) value.remove_prefix(1);
  return lowered(value.substr(0, value.find_first_of(" \t\";(,")));
}

// The first address of the network kind in a text: "192.0.2.1", "[192.0.2.1]", "IPv6:2001:db8::1".
std::optional<base::IpAddress> first_ip(std::string_view text) {
  text = text.substr(0, 2048);
  const auto in_address = [](char c) {
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') || c == '.' ||
           c == ':';
  };
  for (std::size_t i = 0; i < text.size();) {
    const char before = i > 0 ? text[i - 1] : ' ';
    const bool in_word = ((before | 0x20) >= 'g' && (before | 0x20) <= 'z') || before == '-';
    if (!in_address(text[i]) || in_word) {
      // "IPv6:2001:db8::1"
      i += in_word && text.substr(i).starts_with("6:") && (before | 0x20) == 'v' ? 2 : 1;
      continue;
    }
    std::size_t end = i;
    while (end < text.size() && in_address(text[end])) ++end;
    std::string_view token = text.substr(i, end - i);
    while (!token.empty() && (token.back() == '.' || token.back() == ':')) token.remove_suffix(1);
    if (token.size() >= 3 && token.size() <= 45) {
      if (const auto address = base::IpAddress::parse(token)) return address;
    }
    i = end;
  }
  return std::nullopt;
}

// Reporters write "redacted", hashes or their own address where the recipient was.
bool looks_redacted(std::string_view address) {
  const std::string_view local = address.substr(0, address.find('@'));
  if (contains_ignoring_case(address, "redact") || contains_ignoring_case(local, "undisclosed") ||
      contains_ignoring_case(local, "removed") || contains_ignoring_case(local, "anonym")) {
    return true;
  }
  return local.size() >= 24 &&
         local.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

void take_recipient(std::string_view value, FeedbackReport& report) {
  std::string address = address_of(value);
  if (address.empty()) {
    if (contains_ignoring_case(value, "redact")) report.redacted = true;
    return;
  }
  if (looks_redacted(address)) report.redacted = true;
  auto& known = report.original_recipients;
  if (known.size() < recipients_kept &&
      std::find(known.begin(), known.end(), address) == known.end()) {
    known.push_back(std::move(address));
  }
}

void take_field(const HeaderField& field, FeedbackReport& report) {
  const auto is = [&](std::string_view name) { return equal_ignoring_case(field.name, name); };
  const std::string value = unfold_header(field.value);
  if (is("Feedback-Type")) {
    report.type = first_word(value);
  } else if (is("Source-IP")) {
    report.source_ip = first_ip(value);
  } else if (is("Reported-Domain")) {
    if (report.reported_domain.empty()) report.reported_domain = lowered(value);
  } else if (is("Arrival-Date") || is("Received-Date")) {
    report.arrival_date = value;
  } else if (is("Original-Rcpt-To") || is("Removal-Recipient")) {
    take_recipient(value, report);
  } else if (is("Original-Mail-From")) {
    report.original_sender = address_of(value);
    if (looks_redacted(report.original_sender)) report.redacted = true;
  } else if (is("User-Agent")) {
    report.user_agent = value;
  } else if (is("Auth-Failure")) {
    report.auth_failure = lowered(value);
  } else if (is("Delivery-Result")) {
    report.delivery_result = lowered(value);
  } else if (is("Original-Envelope-Id")) {
    report.original_envelope_id = value;
  } else if (is("Incidents")) {
    std::uint32_t count = 0;
    const auto read = std::from_chars(value.data(), value.data() + value.size(), count);
    if (read.ec == std::errc() && count > 0) report.incidents = count;
  }
}

const MimePart* part_of(const MimeTree& tree, MimeKind kind) {
  for (const auto& part : tree.parts) {
    if (part.kind == kind) return &part;
  }
  return nullptr;
}

// The header of the message complained of, where the report holds it: behind the fields, since
// somebody may have forwarded the whole report.
HeaderFields original_header(const MimeTree& tree) {
  const MimePart* const report = part_of(tree, MimeKind::feedback_report);
  const auto begin = static_cast<std::size_t>(report == nullptr ? 0 : report - tree.parts.data());
  for (std::size_t i = begin; i < tree.parts.size(); ++i) {
    const MimePart& part = tree.parts[i];
    if (part.kind == MimeKind::message_headers) return HeaderFields(part.body);
    if (part.kind == MimeKind::message && i + 1 < tree.parts.size() &&
        tree.parts[i + 1].parent == i) {
      return HeaderFields(tree.parts[i + 1].header);
    }
  }
  return {};
}

// RFC 5965, 6430 and 6591, and what came before them.
bool is_known_type(std::string_view type) {
  constexpr std::array<std::string_view, 10> types = {
      "abuse",   "fraud",        "other",          "virus",        "not-spam",
      "opt-out", "opt-out-list", "miscategorized", "auth-failure", "unsubscribe"};
  return std::find(types.begin(), types.end(), type) != types.end();
}

// Where the block of fields begins that holds a Feedback-Type, in whatever order they stand; npos:
// there is none.
std::size_t find_fields(std::string_view notice) {
  std::size_t block = std::string_view::npos;
  for (std::size_t at = 0; at < notice.size();) {
    const std::size_t end = std::min(notice.find('\n', at), notice.size());
    const std::string_view line = notice.substr(at, end - at);
    const bool goes_on = line.starts_with(' ') || line.starts_with('\t');
    if (header_name_size(line) == 0) {
      if (!goes_on || trim_blanks(line).empty()) block = std::string_view::npos;
    } else if (block == std::string_view::npos) {
      block = at;
    }
    if (starts_ignoring_case(line, "Feedback-Type:")) return block;
    at = end + 1;
  }
  return std::string_view::npos;
}

// The fields of a feedback part as running text.
std::optional<FeedbackReport> fields_in_text(std::string_view notice,
                                             const HeaderFields& original) {
  const std::size_t begin = find_fields(notice);
  if (begin == std::string_view::npos) return std::nullopt;
  const HeaderFields fields(notice.substr(begin));
  if (!fields.has("User-Agent") && !fields.has("Source-IP") && !fields.has("Version")) {
    return std::nullopt;
  }
  FeedbackReport report;
  for (const auto& field : fields.all()) take_field(field, report);
  if (!is_known_type(report.type)) return std::nullopt;  // a form with a field of that name
  if (report.original_recipients.empty()) take_recipient(original.get("To"), report);
  if (report.original_recipients.empty()) report.redacted = true;
  return report;
}

// The formats of the time before ARF, told by a mark that only they have.
std::optional<FeedbackReport> read_older_format(const MimeTree& tree, std::string_view subject,
                                                std::string_view notice, bool returned_in_text) {
  HeaderFields original = original_header(tree);
  FeedbackReport report;
  if (auto fields = fields_in_text(notice, original)) return fields;
  if (HeaderFields own(tree.parts.front().header); own.has("X-HmXmrOriginalRecipient")) {
    original = std::move(own);
  }
  if (original.has("X-HmXmrOriginalRecipient")) {
    // Microsoft's Junk Mail Reporting Program.
    report.type = "abuse";
    take_recipient(original.get("X-HmXmrOriginalRecipient"), report);
    report.source_ip = first_ip(original.get("X-SID-PRA"));
    for (const auto& field : original.all()) {
      if (equal_ignoring_case(field.name, "X-Originating-IP")) {
        report.source_ip = first_ip(field.value);
      }
    }
    return report;
  }
  if (starts_ignoring_case(subject, "[SpamCop")) {
    report.type = "abuse";
    report.source_ip = first_ip(subject);
    report.redacted = true;
    return report;
  }
  const bool attached = returned_in_text || part_of(tree, MimeKind::message) != nullptr ||
                        part_of(tree, MimeKind::message_headers) != nullptr;
  const std::uint32_t said = phrases_in(subject) | phrases_in(notice.substr(0, 1024));
  const HeaderFields own(tree.parts.front().header);
  const bool marked = own.has("X-ARF") || own.has("X-XARF");
  if (!attached || (!marked && (said & phrase_bit(Phrase::complaint)) == 0)) return std::nullopt;
  report.type = "abuse";
  take_recipient(original.get("To"), report);
  const std::size_t from = notice.find("IP");
  report.source_ip = first_ip(from == std::string_view::npos ? notice : notice.substr(from));
  return report;
}

}  // namespace

std::optional<FeedbackReport> read_feedback_report(const MimeTree& tree, std::string_view subject,
                                                   std::string_view notice, bool returned_in_text,
                                                   CharsetReader& charsets) {
  const MimePart* const part = part_of(tree, MimeKind::feedback_report);
  if (part == nullptr) {
    return read_older_format(tree, subject, notice, returned_in_text);
  }
  std::string text;
  append_part_text(*part, part_bytes, charsets, text);
  // Some write an empty line in front of the fields or between them.
  FeedbackReport report;
  std::string joined;
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t newline = rest.find('\n');
    const std::string_view line = rest.substr(0, newline);
    if (!trim_blanks(line).empty()) joined.append(line).push_back('\n');
    rest.remove_prefix(newline == std::string_view::npos ? rest.size() : newline + 1);
  }
  const HeaderFields fields(joined);
  for (const auto& field : fields.all()) take_field(field, report);
  if (report.type.empty()) report.type = "abuse";
  if (report.original_recipients.empty()) {
    const HeaderFields original = original_header(tree);
    const std::string to = address_of(original.get("To"));
    if (!to.empty()) {
      take_recipient(to, report);
    } else {
      report.redacted = true;
    }
  }
  return report;
}

}  // namespace leumund::wire
