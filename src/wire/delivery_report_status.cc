#include "wire/delivery_report_status.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <utility>

#include "wire/charset.h"
#include "wire/delivery_report_answer.h"
#include "wire/mime_header.h"

namespace leumund::wire {
namespace {

constexpr std::size_t field_bytes = 8UL * 1024;

// "rfc822; a@b" and "dns;mx.example": what is behind the type.
std::string_view without_type(std::string_view value) {
  const std::size_t semicolon = value.find(';');
  if (semicolon == std::string_view::npos || semicolon > 40) return trim_blanks(value);
  const std::string_view type = trim_blanks(value.substr(0, semicolon));
  if (type.find(' ') != std::string_view::npos && type.find('@') != std::string_view::npos) {
    return trim_blanks(value);
  }
  return trim_blanks(value.substr(semicolon + 1));
}

// "\x{FC}" of an address of type utf-8 (RFC 6533, 3); what is no such thing stays.
std::string without_escapes(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    std::uint32_t character = 0;
    const std::size_t close = text.starts_with("\\x{") ? text.substr(0, 12).find('}') : text.npos;
    const char* const end = text.data() + (close == text.npos ? 0 : close);
    const bool escape = close != text.npos && close > 3 &&
                        std::from_chars(text.data() + 3, end, character, 16).ptr == end &&
                        character > 0x20 && character <= 0x10FFFF && (character >> 11) != 0x1B;
    if (escape) {
      append_code_point(character, out);
      text.remove_prefix(close + 1);
    } else {
      out.push_back(text.front());
      text.remove_prefix(1);
    }
  }
  return out;
}

std::string recipient_of(std::string_view value) {
  const bool utf8 = starts_ignoring_case(trim_blanks(value), "utf-8");
  const std::string plain = utf8 ? without_escapes(value) : std::string();
  const std::string_view address = without_type(utf8 ? std::string_view(plain) : value);
  if (std::string found = address_of(address); !found.empty()) return found;
  // A local user, an X.400 name: as it stands.
  std::string_view bare = address;
  if (bare.starts_with('<')) bare.remove_prefix(1);
  if (const std::size_t close = bare.find('>'); close != std::string_view::npos) {
    bare = bare.substr(0, close);
  }
  bare = trim_blanks(bare);
  return std::string(bare.substr(0, 320));
}

ReportAction action_of(std::string_view value) {
  value = trim_blanks(value);
  if (starts_ignoring_case(value, "fail") || starts_ignoring_case(value, "expired") ||
      starts_ignoring_case(value, "error") || starts_ignoring_case(value, "undeliver")) {
    return ReportAction::failed;
  }
  if (starts_ignoring_case(value, "delay") || starts_ignoring_case(value, "deferred")) {
    return ReportAction::delayed;
  }
  if (starts_ignoring_case(value, "relay")) return ReportAction::relayed;
  if (starts_ignoring_case(value, "expand")) return ReportAction::expanded;
  if (starts_ignoring_case(value, "deliver") && !starts_ignoring_case(value, "delivery fail")) {
    return ReportAction::delivered;
  }
  return ReportAction::none;
}

// As a header line's, also with blanks before the colon; 0 when the line is none.
std::size_t field_name_size(std::string_view line) {
  if (line[0] == ' ' || line[0] == '\t') return 0;
  if (const std::size_t size = header_name_size(line); size != 0) return size;
  const std::size_t end = line.find(' ');
  if (end == std::string_view::npos || end == 0 || end > 40) return 0;
  const std::size_t colon = line.find_first_not_of(' ', end);
  return colon != std::string_view::npos && line[colon] == ':' ? end : 0;
}

// Reads groups of fields one line at a time.
class StatusReader {
 public:
  explicit StatusReader(std::size_t max_recipients) : max_recipients_(max_recipients) {}

  void line(std::string_view text);
  StatusPart finish() {
    end_field();
    // Fields behind a stray empty line belong to the recipient before them.
    std::vector<StatusRecipient> named;
    for (auto& recipient : part_.recipients) {
      if (!recipient.recipient.empty() || !recipient.original_recipient.empty()) {
        named.push_back(std::move(recipient));
      } else if (!named.empty() && named.back().diagnostic.empty()) {
        named.back().diagnostic = std::move(recipient.diagnostic);
      }
    }
    part_.recipients = std::move(named);
    return std::move(part_);
  }

 private:
  void end_field();
  void take(std::string_view name, const std::string& value);
  // The recipient that a field of that name belongs to; a new one begins where one is due.
  StatusRecipient* recipient_for(bool names_recipient, bool final, bool repeated);
  // The recipient for a field that does not name one; `has` tells whether he has it already.
  template <typename Has>
  StatusRecipient* owner_of_field(Has has) {
    return recipient_for(false, false, in_recipient_ && has(part_.recipients.back()));
  }

  std::size_t max_recipients_;
  StatusPart part_;
  std::string_view name_;
  std::string value_;
  bool in_recipient_ = false;  // a recipient's group is open
  bool group_ended_ = true;    // an empty line came
  bool final_seen_ = false;    // in the open recipient
  bool original_seen_ = false;
  bool full_ = false;
};

StatusRecipient* StatusReader::recipient_for(bool names_recipient, bool final, bool repeated) {
  bool due = !in_recipient_;
  if (!due && names_recipient) due = final ? final_seen_ : original_seen_;
  if (!due && group_ended_) {
    // An empty line inside a recipient's group is common; a field it already has begins a new one.
    due = (final_seen_ || original_seen_) && (names_recipient || repeated);
  }
  if (due) {
    if (part_.recipients.size() >= max_recipients_) {
      full_ = true;
      return nullptr;
    }
    part_.recipients.emplace_back();
    in_recipient_ = true;
    final_seen_ = original_seen_ = false;
  }
  group_ended_ = false;
  if (names_recipient) (final ? final_seen_ : original_seen_) = true;
  return &part_.recipients.back();
}

void StatusReader::take(std::string_view name, const std::string& value) {
  const auto is = [&](std::string_view wanted) { return equal_ignoring_case(name, wanted); };
  if (is("Final-Recipient") || is("X-Actual-Recipient") || is("Original-Recipient")) {
    const bool final = is("Final-Recipient");
    if (is("X-Actual-Recipient")) return;  // an alias's target; the sender knows the other two
    std::string address = recipient_of(value);
    if (address.empty()) return;
    StatusRecipient* const recipient = recipient_for(true, final, false);
    if (recipient == nullptr) return;
    (final ? recipient->recipient : recipient->original_recipient) = std::move(address);
  } else if (is("Action")) {
    const auto has = [](const StatusRecipient& one) { return one.action != ReportAction::none; };
    if (StatusRecipient* const recipient = owner_of_field(has)) {
      recipient->action = action_of(value);
    }
  } else if (is("Status")) {
    const auto has = [](const StatusRecipient& one) { return !one.status.empty(); };
    if (StatusRecipient* const recipient = owner_of_field(has)) {
      recipient->status = find_status(value);
      const std::size_t open = value.find('(');
      const std::size_t close = value.rfind(')');
      if (open != std::string::npos && close != std::string::npos && close > open) {
        recipient->status_comment = value.substr(open + 1, close - open - 1);
      }
    }
  } else if (is("Diagnostic-Code")) {
    const auto has = [](const StatusRecipient& one) { return !one.diagnostic.empty(); };
    if (StatusRecipient* const recipient = owner_of_field(has)) {
      std::string_view text = without_type(value);
      if (!recipient->diagnostic.empty()) recipient->diagnostic += ' ';
      recipient->diagnostic += text;
    }
  } else if (is("Remote-MTA")) {
    const auto has = [](const StatusRecipient& one) { return !one.remote_mta.empty(); };
    if (StatusRecipient* const recipient = owner_of_field(has)) {
      recipient->remote_mta = without_type(value);
    }
  } else if (is("Reporting-MTA")) {
    part_.reporting_mta = without_type(value);
  } else if (is("Arrival-Date")) {
    part_.arrival_date = value;
  } else if (is("Original-Envelope-Id")) {
    part_.envelope_id = value;
  } else if (is("X-Postfix-Queue-ID") || is("X-SendGrid-QueueID")) {
    part_.queue_id = value;
  } else if (is("X-Postfix-Sender") || is("X-SendGrid-Sender")) {
    part_.sender = address_of(value);
  }
}

void StatusReader::end_field() {
  if (!name_.empty()) take(name_, unfold_header(value_));
  name_ = {};
  value_.clear();
}

void StatusReader::line(std::string_view text) {
  if (trim_blanks(text).empty()) {
    end_field();
    group_ended_ = true;
    return;
  }
  const std::size_t name = field_name_size(text);
  // "550 5.1.1 x: y" at the line's begin is a continuation whose blank got lost, "smtp;550" too.
  const bool field = name != 0 && text[0] >= 'A' && (text[0] | 0x20) <= 'z' &&
                     (name_.empty() || text.substr(0, name).find('-') != std::string_view::npos ||
                      equal_ignoring_case(text.substr(0, name), "Status") ||
                      equal_ignoring_case(text.substr(0, name), "Action"));
  if (field) {
    end_field();
    if (full_) return;
    name_ = text.substr(0, name);
    value_ = text.substr(text.find(':', name) + 1);
  } else if (!name_.empty() && value_.size() < field_bytes) {
    value_ += '\n';
    value_ += text.substr(0, field_bytes);
  }
}

}  // namespace

StatusPart read_status_part(std::string_view text, std::size_t max_recipients) {
  StatusReader reader(max_recipients);
  while (!text.empty()) {
    const std::size_t newline = text.find('\n');
    reader.line(text.substr(0, newline));
    text.remove_prefix(newline == std::string_view::npos ? text.size() : newline + 1);
  }
  return reader.finish();
}

}  // namespace leumund::wire
