#include "action/mime_mail.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "action/one_line.h"

namespace leumund::action {
namespace {

constexpr std::size_t line_bytes_max = 76;

bool ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x80; });
}

std::string base64(std::string_view bytes) {
  constexpr std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    const auto count = std::min<std::size_t>(3, bytes.size() - i);
    for (std::size_t k = 0; k < 3; ++k) {
      group = group << 8 | (k < count ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      out += k <= count ? alphabet[group >> (18 - 6 * k) & 63U] : '=';
    }
  }
  return out;
}

// A header value, as encoded words of RFC 2047 where it is not ASCII; folded.
std::string header_value(std::string_view given) {
  const std::string text = one_line(given, 900);
  if (ascii(text)) {
    std::string out;
    std::size_t column = 10;
    for (std::size_t at = 0; at < text.size();) {
      const auto blank = std::min(text.find(' ', at + 1), text.size());
      if (at > 0 && column + blank - at > line_bytes_max) {
        out += "\n";
        column = 0;
      }
      out += text.substr(at, blank - at);
      column += blank - at;
      at = blank;
    }
    return out;
  }
  std::string out;
  for (std::string_view rest = text; !rest.empty();) {
    const std::string word = one_line(rest, 42);  // cut between characters: 56 base64 digits
    if (word.empty()) break;
    if (!out.empty()) out += "\n ";
    out += "=?utf-8?B?" + base64(word) + "?=";
    rest.remove_prefix(word.size());
  }
  return out;
}

std::string quoted_printable(std::string_view text) {
  std::string out;
  std::size_t column = 0;
  const auto put = [&](std::string_view piece) {
    if (column + piece.size() > line_bytes_max - 1) {
      out += "=\n";
      column = 0;
    }
    out += piece;
    column += piece.size();
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    const bool at_end = i + 1 == text.size() || text[i + 1] == '\n';
    if (c == '\n') {
      out += '\n';
      column = 0;
    } else if ((c == ' ' && !at_end) || (c > 0x20 && c < 0x7f && c != '=')) {
      put(std::string_view(&text[i], 1));
    } else {
      put(fmt::format("={:02X}", c));
    }
  }
  if (column > 0) out += '\n';
  return out;
}

}  // namespace

std::string mail_date(base::TimePoint at) {
  constexpr std::array days = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(std::chrono::floor<std::chrono::seconds>(at - day));
  return fmt::format("{}, {} {} {} {:02}:{:02}:{:02} +0000",
                     days[std::chrono::weekday(day).c_encoding()],
                     static_cast<unsigned>(date.day()),
                     months[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()),
                     time.hours().count(), time.minutes().count(), time.seconds().count());
}

bool is_plain_address(std::string_view text) {
  const auto at = text.find('@');
  if (text.size() > 254 || at == std::string_view::npos || at == 0 || at + 1 == text.size() ||
      text.find('@', at + 1) != std::string_view::npos || text.front() == '-') {
    return false;
  }
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("@.!#$%&'*+-/=?^_`{|}~").contains(c);
  });
}

std::string mime_mail(const MimeMail& mail) {
  std::string out;
  const auto header = [&out](std::string_view name, const std::string& value) {
    out += fmt::format("{}: {}\n", name, value);
  };
  header("Date", mail_date(mail.date));
  header("From", header_value(mail.from));
  header("To", header_value(mail.to));
  header("Subject", header_value(mail.subject));
  header("Message-ID", "<" + one_line(mail.message_id, 200) + ">");
  header("Auto-Submitted", "auto-generated");
  header("X-Auto-Response-Suppress", "All");
  if (!mail.about.empty()) header("X-Leumund-Decision", header_value(mail.about));
  header("MIME-Version", "1.0");
  header("Content-Type", "text/plain; charset=utf-8");
  header("Content-Transfer-Encoding", "quoted-printable");
  return out + "\n" + quoted_printable(mail.body);
}

}  // namespace leumund::action
