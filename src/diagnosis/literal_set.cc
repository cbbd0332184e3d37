#include "diagnosis/literal_set.h"

#include <algorithm>
#include <charconv>

namespace leumund::diagnosis {
namespace {

using Texts = std::vector<std::string>;

// Marks of \b, ^ and $ in a text that is being put together.
constexpr char boundary = '\x01';
constexpr char text_begin = '\x02';
constexpr char text_end = '\x03';
constexpr std::size_t max_repeats = 3;
constexpr int max_range = 10;

constexpr bool is_word_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// Recursive descent over the small part of the syntax that is finite. Depth is that of the
// parentheses in a pattern, which the registry bounds.
class Writer {
 public:
  explicit Writer(std::string_view re) : re_(re) {}

  std::optional<Texts> all() {
    auto out = alternatives(0);
    if (!out || at_ != re_.size()) return std::nullopt;
    return out;
  }

 private:
  static constexpr int max_depth = 16;

  std::optional<Texts> alternatives(int depth) {
    Texts out;
    for (;;) {
      auto branch = sequence(depth);
      if (!branch) return std::nullopt;
      out.insert(out.end(), branch->begin(), branch->end());
      if (out.size() > max_literals_per_piece) return std::nullopt;
      if (at_ >= re_.size() || re_[at_] != '|') return out;
      ++at_;
    }
  }

  std::optional<Texts> sequence(int depth) {
    Texts out{""};
    while (at_ < re_.size() && re_[at_] != '|' && re_[at_] != ')') {
      auto part = unit(depth);
      if (!part || !repeat(*part)) return std::nullopt;
      Texts next;
      if (out.size() * part->size() > max_literals_per_piece) return std::nullopt;
      for (const std::string& left : out) {
        for (const std::string& right : *part) next.push_back(left + right);
      }
      out = std::move(next);
    }
    return out;
  }

  // Applies "?" or "{1,2}" behind a unit; false for what has no end.
  bool repeat(Texts& part) {
    if (at_ >= re_.size()) return true;
    if (re_[at_] == '*' || re_[at_] == '+') return false;
    if (re_[at_] == '?') {
      ++at_;
      part.emplace_back();
      return true;
    }
    if (re_[at_] != '{') return true;
    const std::size_t close = re_.find('}', at_);
    std::size_t least = 0;
    if (close == std::string_view::npos) return false;
    const char* end = re_.data() + close;
    const auto first = std::from_chars(re_.data() + at_ + 1, end, least);
    std::size_t most = least;
    if (first.ptr != end && std::from_chars(first.ptr + 1, end, most).ptr != end) return false;
    if (most > max_repeats || least > most) return false;
    at_ = close + 1;
    const Texts once = part;
    Texts power{""};
    part.clear();
    for (std::size_t k = 0; k <= most; ++k) {
      if (k >= least) part.insert(part.end(), power.begin(), power.end());
      if (k == most) break;
      Texts next;
      if (power.size() * once.size() > max_literals_per_piece) return false;
      for (const std::string& left : power) {
        for (const std::string& right : once) next.push_back(left + right);
      }
      power = std::move(next);
    }
    return true;
  }

  std::optional<Texts> unit(int depth) {
    const char c = re_[at_];
    if (c == '(') {
      if (depth == max_depth) return std::nullopt;
      ++at_;
      auto inner = alternatives(depth + 1);
      if (!inner || at_ >= re_.size() || re_[at_] != ')') return std::nullopt;
      ++at_;
      return inner;
    }
    if (c == '[') return one_of();
    if (c == '\\') return escape();
    if (c == '^' || c == '$') {
      ++at_;
      return Texts{std::string(1, c == '^' ? text_begin : text_end)};
    }
    if (c == '.') return std::nullopt;
    ++at_;
    return Texts{std::string(1, c)};
  }

  std::optional<Texts> one_of() {
    const std::size_t close = re_.find(']', at_ + 2);
    if (close == std::string_view::npos || re_[at_ + 1] == '^') return std::nullopt;
    Texts out;
    for (std::size_t i = at_ + 1; i < close; ++i) {
      if (re_[i] == '\\') {
        ++i;
        if (i >= close || is_word_char(re_[i])) return std::nullopt;
      } else if (re_[i] == '-' && i > at_ + 1 && i + 1 < close) {  // a range
        if (re_[i + 1] - re_[i - 1] > max_range) return std::nullopt;
        for (char c = static_cast<char>(re_[i - 1] + 1); c < re_[i + 1]; ++c)
          out.emplace_back(1, c);
        continue;
      }
      if (static_cast<unsigned char>(re_[i]) >= 0x80) return std::nullopt;
      out.emplace_back(1, re_[i]);
    }
    at_ = close + 1;
    return out;
  }

  std::optional<Texts> escape() {
    if (at_ + 1 >= re_.size()) return std::nullopt;
    const char c = re_[at_ + 1];
    if (c == 'b') {
      at_ += 2;
      return Texts{std::string(1, boundary)};
    }
    // The rest of a word that ends the piece is no part of what is looked for.
    if ((re_.substr(at_).starts_with("\\w*") || re_.substr(at_).starts_with("\\w+")) &&
        ends_piece(at_ + 3)) {
      at_ += 3;
      return Texts{""};
    }
    if (c == 'd') {
      at_ += 2;
      // A number that ends the piece is found by its first digit.
      if (re_.substr(at_).starts_with("+\\b") && ends_piece(at_ + 3)) at_ += 3;
      if (re_.substr(at_).starts_with("+") && ends_piece(at_ + 1)) at_ += 1;
      Texts digits;
      for (char digit = '0'; digit <= '9'; ++digit) digits.emplace_back(1, digit);
      return digits;
    }
    if (c == 'x' && at_ + 3 < re_.size()) {
      unsigned value = 0;
      std::from_chars(re_.data() + at_ + 2, re_.data() + at_ + 4, value, 16);
      at_ += 4;
      return Texts{std::string(1, static_cast<char>(value))};
    }
    if (is_word_char(c) || (c >= 'A' && c <= 'Z')) return std::nullopt;
    at_ += 2;
    return Texts{std::string(1, c)};
  }

  // True if nothing can follow what ends at `from`, in whichever alternative it stands.
  [[nodiscard]] bool ends_piece(std::size_t from) const {
    for (std::size_t i = from; i < re_.size(); ++i) {
      if (re_[i] == '|')
        i = skip_alternatives(i);
      else if (re_[i] != ')')
        return false;
    }
    return true;
  }
  // Past the other alternatives of the group that closes next.
  [[nodiscard]] std::size_t skip_alternatives(std::size_t i) const {
    int open = 0;
    for (; i < re_.size(); ++i) {
      if (re_[i] == '\\')
        ++i;
      else if (re_[i] == '(')
        ++open;
      else if (re_[i] == ')' && open-- == 0)
        return i;
    }
    return i;
  }

  std::string_view re_;
  std::size_t at_ = 0;
};

// Turns the marks into flags; false if a mark inside can never hold.
bool settle(std::string marked, Literal& out) {
  if (marked.front() == text_begin) {
    out.text_begin = true;
    marked.erase(0, 1);
  }
  if (!marked.empty() && marked.back() == text_end) {
    out.text_end = true;
    marked.pop_back();
  }
  if (marked.find_first_of("\x02\x03") != std::string::npos) return false;
  for (std::size_t i = 0; i < marked.size(); ++i) {
    if (marked[i] != boundary) {
      out.text.push_back(marked[i]);
      continue;
    }
    std::size_t next = i + 1;
    while (next < marked.size() && marked[next] == boundary) ++next;
    const bool left = !out.text.empty() && is_word_char(out.text.back());
    const bool right = next < marked.size() && is_word_char(marked[next]);
    if (out.text.empty()) {
      if (right) out.word_begin = true;
    } else if (next >= marked.size()) {
      if (left) out.word_end = true;
    } else if (left == right) {
      return false;
    }
  }
  return true;
}

}  // namespace

std::optional<std::vector<Literal>> write_out(std::string_view piece) {
  const auto texts = Writer(piece).all();
  if (!texts) return std::nullopt;
  std::vector<Literal> out;
  for (const std::string& text : *texts) {
    Literal literal;
    if (text.empty()) return std::nullopt;
    if (!settle(text, literal)) continue;
    if (literal.text.empty()) return std::nullopt;
    out.push_back(std::move(literal));
  }
  if (out.empty()) return std::nullopt;
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

}  // namespace leumund::diagnosis
