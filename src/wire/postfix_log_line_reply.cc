#include <array>
#include <utility>

#include "wire/postfix_log_line_message.h"
#include "wire/postfix_log_line_scan.h"

namespace leumund::wire {
namespace {

using log_scan::take;
using log_scan::take_until;
using model::DeliveryStage;
using model::DeliveryStatus;

// What our client was doing, as Postfix words it behind "in reply to" and "while".
DeliveryStage stage_of(std::string_view doing) {
  static constexpr std::array<std::pair<std::string_view, DeliveryStage>, 20> words = {{
      {"RCPT TO", DeliveryStage::rcpt},
      {"sending RCPT TO", DeliveryStage::rcpt},
      {"end of DATA", DeliveryStage::end},
      {"sending end of data", DeliveryStage::end},
      {"MAIL FROM", DeliveryStage::mail},
      {"sending MAIL FROM", DeliveryStage::mail},
      {"DATA", DeliveryStage::data},
      {"sending DATA", DeliveryStage::data},
      {"sending message body", DeliveryStage::data},
      {"receiving the initial", DeliveryStage::greeting},
      {"performing the", DeliveryStage::greeting},
      {"EHLO", DeliveryStage::greeting},
      {"HELO", DeliveryStage::greeting},
      {"LHLO", DeliveryStage::greeting},
      {"STARTTLS", DeliveryStage::greeting},
      {"AUTH", DeliveryStage::greeting},
      {"XFORWARD", DeliveryStage::greeting},
      {"sending XFORWARD", DeliveryStage::greeting},
      {"initial protocol", DeliveryStage::greeting},
      {"BDAT", DeliveryStage::data},
  }};
  for (const auto& [word, stage] : words) {
    if (doing.starts_with(word)) return stage;
  }
  return DeliveryStage::unknown;
}

// The queue id behind the last "queued as " of a remote's "250 ...", also in amavis' nested form.
std::string_view id_behind(std::string_view text, std::string_view mark) {
  const std::size_t at = text.rfind(mark);
  if (at == std::string_view::npos) return {};
  std::string_view id = text.substr(at + mark.size());
  std::size_t end = 0;
  while (end < id.size() && id[end] != ' ' && id[end] != ')' && id[end] != ';' && id[end] != ',' &&
         id[end] != ']') {
    ++end;
  }
  id = id.substr(0, end);
  return is_queue_id(id) ? id : std::string_view();
}

// "host mx.example[192.0.2.9] said: 550 ... (in reply to RCPT TO command)".
bool read_host_said(std::string_view text, DeliveryText& out) {
  std::string_view rest = text;
  std::string_view host;
  if (!take(rest, "host ") || !take_until(rest, ' ', host)) return false;
  if (take(rest, "said: ")) {
    constexpr std::string_view mark = " (in reply to ";
    const std::size_t at = rest.rfind(mark);
    if (at != std::string_view::npos) {
      out.stage = stage_of(rest.substr(at + mark.size()));
      rest = rest.substr(0, at);
    }
  } else if (take(rest, "refused to talk to me: ")) {
    out.stage = DeliveryStage::greeting;
  } else {
    return false;
  }
  out.remote = relay_without_port(host);
  out.reply = rest;
  return true;
}

// "lost connection with mx.example[192.0.2.9] while sending RCPT TO", "conversation with ... timed
// out while ...".
bool read_broken_conversation(std::string_view text, DeliveryText& out) {
  std::string_view rest = text;
  if (!take(rest, "lost connection with ") && !take(rest, "conversation with ")) return false;
  std::string_view host;
  if (!take_until(rest, ' ', host)) return false;
  const std::size_t at = rest.find("while ");
  if (at != std::string_view::npos) out.stage = stage_of(rest.substr(at + 6));
  out.remote = relay_without_port(host);
  return true;
}

}  // namespace

std::string_view relay_without_port(std::string_view relay) {
  while (relay.ends_with(':')) relay.remove_suffix(1);
  const std::size_t close = relay.rfind(']');
  return close == std::string_view::npos ? relay : relay.substr(0, close + 1);
}

std::string_view relay_address(std::string_view relay) {
  relay = relay_without_port(relay);
  const std::size_t open = relay.find('[');
  if (open == std::string_view::npos || !relay.ends_with(']')) return {};
  return relay.substr(open + 1, relay.size() - open - 2);
}

DeliveryText read_delivery_text(std::string_view text, DeliveryStatus status) {
  DeliveryText out;
  out.reply = text;
  if (status == DeliveryStatus::sent) {
    out.stage = DeliveryStage::end;
    out.queued_as = id_behind(text, "queued as ");
    if (text.starts_with("forwarded as ")) out.forwarded_as = id_behind(text, "forwarded as ");
    return out;
  }
  std::string_view rest = text;
  (void)take(rest, "delivery temporarily suspended: ");
  if (read_host_said(rest, out) || read_broken_conversation(rest, out)) return out;
  std::string_view host;
  if (take(rest, "connect to ") && take_until(rest, ": ", host)) {
    out.stage = DeliveryStage::connect;
    out.remote = relay_without_port(host);
  }
  return out;
}

}  // namespace leumund::wire
