#include "wire/delivery_report_answer.h"

#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "wire/mime_header.h"

namespace leumund::wire {
namespace {

using model::DeliveryStage;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return ((c | 0x20) >= 'a' && (c | 0x20) <= 'z'); }

// Numbers that count something: "500 MB", "450 messages per hour".
constexpr std::array<std::string_view, 14> counted = {
    "mb",   "kb",  "gb",    "bytes",   "byte",    "messages", "recipients",
    "days", "day", "hours", "minutes", "seconds", "million",  "mails"};

bool counts_something(std::string_view rest) {
  while (rest.starts_with(' ')) rest.remove_prefix(1);
  std::size_t size = 0;
  while (size < rest.size() && is_letter(rest[size])) ++size;
  return std::any_of(counted.begin(), counted.end(), [&](std::string_view word) {
    return equal_ignoring_case(rest.substr(0, size), word);
  });
}

// "+44 555 0100": the number before it is one of a country or town, and more digits follow.
bool within_telephone(std::string_view before, std::string_view behind) {
  while (behind.starts_with(' ')) behind.remove_prefix(1);
  if (behind.empty() || !is_digit(behind[0])) return false;
  while (before.ends_with(' ')) before.remove_suffix(1);
  const std::string_view word = before.substr(before.find_last_of(" (") + 1);
  return word.size() > 1 && word[0] == '+' && is_digit(word[1]);
}

// The size of "5.1.1" at the front; 0 when none. The registry's subjects have one digit, versions
// of programs ("4.94.2") often two.
std::size_t status_size(std::string_view text) {
  if (text.size() < 5 || (text[0] != '2' && text[0] != '4' && text[0] != '5') || text[1] != '.') {
    return 0;
  }
  std::size_t i = 2;
  for (int group = 0; group < 2; ++group) {
    const std::size_t begin = i;
    const std::size_t most = group == 0 ? 1 : 3;
    while (i < text.size() && is_digit(text[i]) && i - begin < most) ++i;
    if (i == begin) return 0;
    if (group == 0) {
      if (i >= text.size() || text[i] != '.') return 0;
      ++i;
    }
  }
  if (i < text.size() && (is_digit(text[i]) || is_letter(text[i]))) return 0;
  // "5.1.1.2" is an address or a version, "5.1.1." the end of a sentence.
  if (i + 1 < text.size() && text[i] == '.' && is_digit(text[i + 1])) return 0;
  return i;
}

bool stands_alone_before(std::string_view text, std::size_t at) {
  if (at == 0) return true;
  const char c = text[at - 1];
  return !is_digit(c) && !is_letter(c) && c != '.' && c != '/' && c != '-' && c != '_' &&
         c != '@' && c != '=' && c != '+' && c != '%';
}

bool plausible_code(unsigned code) {
  return code == 421 || code == 422 || (code >= 430 && code <= 459) || code == 471 || code == 472 ||
         (code >= 500 && code <= 505) || (code >= 510 && code <= 577);
}

}  // namespace

std::optional<AnswerPlace> find_answer(std::string_view text, std::size_t from) {
  for (std::size_t i = from; i + 3 <= text.size(); ++i) {
    if ((text[i] != '4' && text[i] != '5') || !is_digit(text[i + 1]) || !is_digit(text[i + 2])) {
      continue;
    }
    if (!stands_alone_before(text, i)) continue;
    const auto code = static_cast<std::uint16_t>((text[i] - '0') * 100 + (text[i + 1] - '0') * 10 +
                                                 (text[i + 2] - '0'));
    if (!plausible_code(code)) continue;
    const std::string_view rest = text.substr(i + 3);
    if (rest.empty()) return AnswerPlace{i, code};
    const char c = rest[0];
    const bool ends = c == '-' || c == ':' || c == ',' || c == ']' || c == ')' || c == '\'' ||
                      c == '"' || c == '\n' || c == ';' || c == '#' || c == '>';
    const char next = rest.size() > 1 ? rest[1] : ' ';
    if ((c == ' ' && !counts_something(rest) && !within_telephone(text.substr(0, i), rest)) ||
        (ends && !(c == '-' && is_digit(next) && next != '4' && next != '5')) ||
        ((c == '.' || c == '!') && !is_digit(next))) {
      // "-> 550 ..." and "550-5.1.1" are answers, a telephone number "555-1234" is none.
      if (c == '-' && is_digit(next) && status_size(rest.substr(1)) == 0) continue;
      return AnswerPlace{i, code};
    }
  }
  return std::nullopt;
}

namespace {

std::string_view status_behind(std::string_view text, const AnswerPlace& answer) {
  std::size_t i = answer.begin + 3;
  while (i < text.size() && std::string_view(" -#:(").find(text[i]) != std::string_view::npos) ++i;
  return text.substr(std::min(i, text.size()), status_size(text.substr(std::min(i, text.size()))));
}

}  // namespace

std::optional<AnswerPlace> find_telling_answer(std::string_view text) {
  const auto first = find_answer(text);
  if (!first) return first;
  if (const std::size_t dots = text.substr(first->begin, 340).find("... ");
      dots != std::string_view::npos) {
    const auto nested = find_answer(text, first->begin + dots);
    if (nested && nested->begin == first->begin + dots + 4) return nested;
  }
  if (!status_behind(text, *first).ends_with(".4.7")) return first;
  const auto second = find_answer(text, first->begin + 3);
  return second && !status_behind(text, *second).ends_with(".4.7") ? second : first;
}

std::string_view find_status(std::string_view text) {
  if (const auto answer = find_telling_answer(text)) {
    const std::string_view status = status_behind(text, *answer);
    if (!status.empty()) return status;
  }
  for (std::size_t i = text.find('.'); i != std::string_view::npos; i = text.find('.', i + 1)) {
    if (i == 0 || !stands_alone_before(text, i - 1)) continue;
    if (const std::size_t size = status_size(text.substr(i - 1)); size != 0) {
      return text.substr(i - 1, size);
    }
  }
  return {};
}

namespace {

struct StageCue {
  std::string_view words;  // lower case
  DeliveryStage stage;
};
// Nearest to the refusal first: "end of data" contains "data".
constexpr std::array stage_cues = {
    StageCue{"refused to talk to me", DeliveryStage::greeting},
    StageCue{"in reply to end of data", DeliveryStage::end},
    StageCue{"in reply to mail from", DeliveryStage::mail},
    StageCue{"in reply to rcpt to", DeliveryStage::rcpt},
    StageCue{"in reply to data", DeliveryStage::data},
    StageCue{"in reply to ehlo", DeliveryStage::greeting},
    StageCue{"in reply to helo", DeliveryStage::greeting},
    StageCue{"after end of data", DeliveryStage::end},
    StageCue{"after mail from", DeliveryStage::mail},
    StageCue{"after pipelined mail from", DeliveryStage::mail},
    StageCue{"after rcpt to", DeliveryStage::rcpt},
    StageCue{"after pipelined rcpt to", DeliveryStage::rcpt},
    StageCue{"after data", DeliveryStage::data},
    StageCue{"after pipelined data", DeliveryStage::data},
    StageCue{"after initial connection", DeliveryStage::greeting},
    StageCue{"after helo", DeliveryStage::greeting},
    StageCue{"after ehlo", DeliveryStage::greeting},
    StageCue{"did not like our mail from", DeliveryStage::mail},
    StageCue{"did not like our rcpt to", DeliveryStage::rcpt},
    StageCue{"did not like our data", DeliveryStage::data},
    StageCue{"did not like our ehlo", DeliveryStage::greeting},
    StageCue{"in rcpt to", DeliveryStage::rcpt},
    StageCue{"[rcpt_to]", DeliveryStage::rcpt},
    StageCue{"[mail_from]", DeliveryStage::mail},
    StageCue{"[data]", DeliveryStage::data},
    StageCue{"[bodytext]", DeliveryStage::end},
    StageCue{"does not like recipient", DeliveryStage::rcpt},
    StageCue{"does not like sender", DeliveryStage::mail},
    StageCue{"failed after i sent the message", DeliveryStage::end},
    StageCue{">>> rcpt", DeliveryStage::rcpt},
    StageCue{">>> mail", DeliveryStage::mail},
    StageCue{">>> data", DeliveryStage::data},
    StageCue{">>> ehlo", DeliveryStage::greeting},
    StageCue{">>> helo", DeliveryStage::greeting},
    StageCue{"smtp:rcpt", DeliveryStage::rcpt},
    StageCue{"smtp:mail", DeliveryStage::mail},
    StageCue{"rcpt command", DeliveryStage::rcpt},
    StageCue{"mail command", DeliveryStage::mail},
    StageCue{"for text command", DeliveryStage::end},
    StageCue{"connection timed out", DeliveryStage::connect},
    StageCue{"connection refused", DeliveryStage::connect},
    StageCue{"wasn't able to establish an smtp connection", DeliveryStage::connect},
    StageCue{"no route to host", DeliveryStage::connect},
    StageCue{"network is unreachable", DeliveryStage::connect},
    StageCue{"host unreachable", DeliveryStage::connect},
};

struct RemoteCue {
  std::string_view before;  // lower case
  std::string_view behind;  // must follow the host, within the same line; "" nothing
};
constexpr std::array remote_cues = {
    RemoteCue{"while talking to ", ""},
    RemoteCue{"remote server at ", "returned"},
    RemoteCue{"reporting server: ", ""},
    RemoteCue{"receiving server: ", ""},
    RemoteCue{"smtp server <", ""},
    RemoteCue{"host: ", ""},
    RemoteCue{"connected to ", ""},
    RemoteCue{"giving up on ", ""},
    RemoteCue{"host ", ""},
};

bool in_host(char c) {
  return is_letter(c) || is_digit(c) || c == '.' || c == '-' || c == '_' || c == ':';
}

}  // namespace

DeliveryStage find_stage(std::string_view text) {
  text = text.substr(0, 4096);
  const std::string lowered = base::ascii_lower(text);
  const std::string_view haystack = lowered;
  const bool answered = find_answer(text).has_value();
  for (const auto& cue : stage_cues) {
    // "550 Connection refused by policy" is an answer, so there was a connection.
    if (answered && cue.stage == DeliveryStage::connect) continue;
    if (haystack.find(cue.words) != std::string_view::npos) return cue.stage;
  }
  return DeliveryStage::unknown;
}

std::string find_remote(std::string_view text) {
  text = text.substr(0, 4096);
  const std::string lowered = base::ascii_lower(text);
  const std::string_view haystack = lowered;
  for (const auto& cue : remote_cues) {
    for (std::size_t at = haystack.find(cue.before); at != std::string_view::npos;
         at = haystack.find(cue.before, at + 1)) {
      if (at > 0 && (is_letter(haystack[at - 1]) || haystack[at - 1] == '-')) continue;
      const std::size_t begin = at + cue.before.size();
      std::size_t end = begin;
      while (end < text.size() && in_host(text[end]) && end - begin < 256) ++end;
      std::size_t trimmed = end;
      while (trimmed > begin && (text[trimmed - 1] == '.' || text[trimmed - 1] == ':')) --trimmed;
      const std::string_view host = text.substr(begin, trimmed - begin);
      if (host.find('.') == std::string_view::npos) continue;
      if (!cue.behind.empty() &&
          haystack.substr(end, 80).find(cue.behind) == std::string_view::npos) {
        continue;
      }
      std::string out(host);
      // "mx.example [192.0.2.1]", "mx.example (192.0.2.1)"
      std::size_t open = end;
      if (open < text.size() && text[open] == ' ') ++open;
      if (open < text.size() && (text[open] == '[' || text[open] == '(')) {
        std::size_t close = open + 1;
        while (close < text.size() && in_host(text[close]) && close - open < 50) ++close;
        const std::string_view address = text.substr(open + 1, close - open - 1);
        if (close < text.size() && (text[close] == ']' || text[close] == ')') && !address.empty() &&
            base::IpAddress::parse(address)) {
          out.append("[").append(address).append("]");
        }
      }
      return out;
    }
  }
  return {};
}

}  // namespace leumund::wire
