#include "wire/received_line.h"

#include <algorithm>
#include <array>
#include <span>
#include <vector>

#include "base/ascii.h"
#include "base/trimmed.h"
#include "wire/mail_date.h"
#include "wire/mime_header.h"

namespace leumund::wire {
namespace {

constexpr std::size_t bytes_read = 4096;
constexpr std::size_t name_bytes = 255;
constexpr std::string_view login_mark = "authenticated sender";

// A word, or a comment without its outer parentheses.
struct Token {
  std::string_view text;
  bool comment = false;
};

// The end of the comment that begins at `at`; nested ones belong to it.
std::size_t comment_end(std::string_view text, std::size_t at) {
  int depth = 0;
  for (; at < text.size(); ++at) {
    if (text[at] == '\\') {
      ++at;
    } else if (text[at] == '(') {
      ++depth;
    } else if (text[at] == ')' && --depth == 0) {
      return at + 1;
    }
  }
  return text.size();
}

std::vector<Token> tokens_of(std::string_view text) {
  std::vector<Token> out;
  std::size_t at = 0;
  while (at < text.size()) {
    if (text[at] == ' ') {
      ++at;
    } else if (text[at] == '(') {
      const std::size_t end = comment_end(text, at);
      const bool closed = text[end - 1] == ')' && end - at > 1;
      out.push_back({text.substr(at + 1, end - at - 1 - (closed ? 1 : 0)), true});
      at = end;
    } else {
      const std::size_t end = std::min(text.find_first_of(" (", at), text.size());
      out.push_back({text.substr(at, end - at)});
      at = end;
    }
  }
  return out;
}

bool is_clause(const Token& token, std::string_view name) {
  return !token.comment && equal_ignoring_case(token.text, name);
}

// The date stands behind the last semicolon that is in no comment.
std::size_t date_place(std::string_view text) {
  std::size_t found = std::string_view::npos;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '(') at = comment_end(text, at) - 1;
    if (at < text.size() && text[at] == ';') found = at;
  }
  return found;
}

// "[192.0.2.1]", "[192.0.2.1]:2525", "192.0.2.1", "192.0.2.1)": an address at the front.
std::optional<base::IpAddress> address_in(std::string_view word) {
  if (!word.empty() && word.front() == '[') {
    const std::size_t end = word.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    word = word.substr(0, end + 1);
  }
  while (!word.empty() && (word.back() == ',' || word.back() == ';')) word.remove_suffix(1);
  return base::IpAddress::parse(word);
}

std::string name_of(std::string_view word) {
  while (!word.empty() && (word.back() == '.' || word.back() == ',')) word.remove_suffix(1);
  word = word.substr(word.rfind('@') + 1);  // Sendmail: user@host where it asked ident
  if (equal_ignoring_case(word, "unknown") || address_in(word)) return {};
  return base::ascii_lower(word.substr(0, name_bytes));
}

// What the writing host says of the client in one comment of the from clause.
class ClientComment {
 public:
  explicit ClientComment(ReceivedLine& line) : line_(line) {}

  void read(std::string_view comment) {
    std::string_view before;
    while (!comment.empty()) {
      const std::size_t end = std::min(comment.find(' '), comment.size());
      const std::string_view word = comment.substr(0, end);
      comment.remove_prefix(std::min(end + 1, comment.size()));
      if (!word.empty()) take(word, before);
      before = word;
    }
  }
  [[nodiscard]] bool said_helo() const { return said_helo_; }

 private:
  void take(std::string_view word, std::string_view before) {
    if (equal_ignoring_case(before, "helo") || equal_ignoring_case(before, "ehlo")) {
      said_helo_ = true;
      line_.helo = base::ascii_lower(word.substr(0, name_bytes));
      return;
    }
    if (starts_ignoring_case(word, "helo=") || starts_ignoring_case(word, "ehlo=")) {
      said_helo_ = true;
      line_.helo = base::ascii_lower(word.substr(5, name_bytes));
      return;
    }
    if (equal_ignoring_case(before, "account") || equal_ignoring_case(word, "authenticated")) {
      line_.authenticated = true;
      return;
    }
    if (word.find('=') != std::string_view::npos || line_.client) return;
    const std::size_t at = word.rfind('@');  // qmail: who asked ident, and his address
    line_.client = address_in(at == std::string_view::npos ? word : word.substr(at + 1));
    if (line_.client && word.front() == '[' && !before.empty()) line_.client_name = name_of(before);
  }

  ReceivedLine& line_;
  bool said_helo_ = false;
};

void read_from(std::span<const Token> tokens, ReceivedLine& line) {
  if (tokens.empty()) return;
  const std::string_view first = tokens.front().comment ? std::string_view() : tokens.front().text;
  ClientComment comment(line);
  for (const Token& token : tokens) {
    if (token.comment) comment.read(token.text);
    // fetchmail: "from host [192.0.2.1] by localhost with IMAP".
    if (!token.comment && &token != tokens.data() && !line.client && token.text.starts_with('['))
      line.client = address_in(token.text);
  }
  if (comment.said_helo()) {
    // Exim, qmail and Yahoo have the client in front, and what it said behind.
    if (!line.client) line.client = address_in(first);
    if (line.client_name.empty()) line.client_name = name_of(first);
    return;
  }
  line.helo = base::ascii_lower(first.substr(0, name_bytes));
  if (!line.client) line.client = address_in(first);
}

bool is_of_login(std::string_view protocol) {
  // RFC 3848 and 6531: ESMTPA, ESMTPSA, LMTPA, UTF8SMTPSA ...
  const std::string lower = base::ascii_lower(protocol);
  return (lower.ends_with("smtpa") || lower.ends_with("smtpsa") || lower.ends_with("lmtpa") ||
          lower.ends_with("lmtpsa"));
}

// Postfix's pickup, qmail and nullmailer, Sendmail: in small letters.
bool names_a_user(std::string_view comment) {
  return comment.find("from userid") != std::string_view::npos ||
         comment.find("invoked by uid") != std::string_view::npos ||
         (comment.starts_with("from ") && comment.ends_with("@localhost"));
}

}  // namespace

ReceivedLine read_received_line(std::string_view value) {
  const std::string whole = unfold_header(value.substr(0, bytes_read));
  std::string_view text = whole;
  ReceivedLine line;
  if (const std::size_t semicolon = date_place(text); semicolon != std::string_view::npos) {
    line.at = parse_mail_date(text.substr(semicolon + 1));
    text = text.substr(0, semicolon);
  }
  const std::vector<Token> tokens = tokens_of(text);
  const auto clause = [&](std::string_view name, auto begin) {
    return std::find_if(begin, tokens.end(),
                        [&](const Token& token) { return is_clause(token, name); });
  };
  // What stands behind "from" is the client's own word for itself: "by" and "with" are host names
  // there. The other clauses follow "by" (RFC 5321 section 4.4).
  auto from = std::ranges::find(tokens, false, &Token::comment);
  if (from != tokens.end() && !is_clause(*from, "from")) from = tokens.end();
  const bool has_from = from != tokens.end() && std::next(from) != tokens.end();
  const auto by = clause("by", has_from ? std::next(from, 2) : tokens.begin());
  if (has_from) read_from({std::next(from), by}, line);
  const auto word_behind = [&](auto place) -> std::string_view {
    if (place == tokens.end() || std::next(place) == tokens.end()) return {};
    return std::next(place)->comment ? std::string_view() : std::next(place)->text;
  };
  line.by = base::ascii_lower(word_behind(by).substr(0, name_bytes));
  line.protocol = word_behind(clause("with", by)).substr(0, name_bytes);
  line.id = word_behind(clause("id", by)).substr(0, name_bytes);
  line.authenticated = line.authenticated || is_of_login(line.protocol);
  for (const Token& token : tokens) {
    if (!token.comment) continue;
    const std::string comment = base::ascii_lower(token.text);
    if (const std::size_t said = comment.find(login_mark); said != std::string::npos) {
      line.authenticated = true;
      std::string_view name = std::string_view(comment).substr(said + login_mark.size());
      if (name.starts_with(':')) name.remove_prefix(1);
      line.account = base::trimmed(name).substr(0, name_bytes);
    }
    if (line.client) continue;
    line.by_a_user = line.by_a_user || names_a_user(comment);
    line.local = line.local || line.by_a_user || comment.starts_with("qmail ");
  }
  if (equal_ignoring_case(line.protocol, "local")) line.local = line.by_a_user = true;
  return line;
}

}  // namespace leumund::wire
