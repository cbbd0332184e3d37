#include "wire/delivery_report_original.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "wire/trace_token.h"

namespace leumund::wire {
namespace {

constexpr std::size_t received_steps = 30;
constexpr std::size_t signatures_kept = 10;

std::string without_brackets(std::string_view id) {
  id = trim_blanks(id);
  if (id.starts_with('<')) id.remove_prefix(1);
  if (const std::size_t close = id.find('>'); close != std::string_view::npos)
    id = id.substr(0, close);
  return std::string(id.substr(0, 998));
}

// The word behind " key " in a Received line; "" when it is not there.
std::string word_behind(std::string_view line, std::string_view key) {
  const std::size_t at = line.find(key);
  if (at == std::string_view::npos) return {};
  std::string_view rest = line.substr(at + key.size());
  return std::string(rest.substr(0, std::min(rest.find_first_of(" ;()"), std::size_t{255})));
}

ReceivedStep read_received(std::string_view line) {
  const std::string with_ends = " " + std::string(line);
  return {.by = word_behind(with_ends, " by "), .id = word_behind(with_ends, " id ")};
}

}  // namespace

void take_original_header(const HeaderFields& fields, CharsetReader& charsets,
                          OriginalMessage& original) {
  original.message_id = without_brackets(unfold_header(fields.get("Message-ID")));
  original.from = address_of(fields.get("From"));
  original.to = address_of(fields.get("To"));
  original.subject = decode_header(fields.get("Subject"), charsets);
  original.date = unfold_header(fields.get("Date"));
  original.trace = unfold_header(fields.get(trace_header));
  original.received.clear();
  original.signatures.clear();
  for (const auto& field : fields.all()) {
    if (equal_ignoring_case(field.name, "DKIM-Signature") &&
        original.signatures.size() < signatures_kept) {
      original.signatures.push_back(unfold_header(field.value));
    }
    const bool more = original.received.size() < received_steps;
    if (!more || !equal_ignoring_case(field.name, "Received")) continue;
    ReceivedStep step = read_received(unfold_header(field.value));
    if (!step.by.empty()) original.received.push_back(std::move(step));
  }
  if (original.envelope_sender.empty()) {
    original.envelope_sender = address_of(fields.get("Return-Path"));
  }
}

}  // namespace leumund::wire
