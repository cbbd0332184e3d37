#include "intake/delivered_envelope.h"

#include <algorithm>
#include <string>

#include "base/ascii.h"
#include "base/trimmed.h"

namespace leumund::intake {
namespace {

using base::trimmed;

constexpr std::size_t lines_most = 64;
constexpr std::size_t bytes_most = 16UL * 1024;
constexpr std::size_t recipients_most = 50;
constexpr std::size_t address_bytes_most = 320;

// "<anna@example.org>" or without brackets; nothing for what is no plain address. "" is "<>".
std::optional<std::string> address_of(std::string_view text) {
  if (text.starts_with('<') && text.ends_with('>')) text = text.substr(1, text.size() - 2);
  const bool plain = std::all_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) > ' ' && c != 0x7f && c != '<' && c != '>';
  });
  if (!plain || text.size() > address_bytes_most) return std::nullopt;
  return std::string(text);
}

}  // namespace

std::optional<LmtpEnvelope> delivered_envelope(std::string_view raw) {
  raw = raw.substr(0, bytes_most);
  LmtpEnvelope out;
  bool sender = false;
  for (std::size_t i = 0; i < lines_most && !raw.empty(); ++i) {
    const std::size_t end = raw.find('\n');
    if (end == std::string_view::npos) break;  // cut, or no line at all
    const std::string_view line = raw.substr(0, end);
    raw.remove_prefix(end + 1);
    const std::size_t colon = line.find(':');
    if (i == 0 && line.starts_with("From ")) continue;  // as mbox has it
    if (trimmed(line).empty() || colon == std::string_view::npos) break;
    const std::string name = base::ascii_lower(line.substr(0, colon));
    if (name == "received") break;
    const auto address = address_of(trimmed(line.substr(colon + 1)));
    if (!address) continue;
    if (name == "return-path" && !sender) {
      out.sender = base::ascii_lower(*address);
      sender = true;
    } else if ((name == "delivered-to" || name == "x-original-to") && !address->empty() &&
               out.recipients.size() < recipients_most) {
      out.recipients.push_back(base::ascii_lower(*address));
    }
  }
  if (!sender) return std::nullopt;
  out.of_mail_server = true;
  return out;
}

}  // namespace leumund::intake
