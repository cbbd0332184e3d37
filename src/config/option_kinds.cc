#include "config/option_kinds.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace leumund::config {
namespace {

using base::Error;
using base::ErrorCode;

constexpr std::size_t text_bytes_max = 4096;

constexpr std::array<std::pair<std::string_view, unsigned>, 5> size_units = {
    {{"TiB", 40}, {"GiB", 30}, {"MiB", 20}, {"KiB", 10}, {"B", 0}}};

Error wanted(std::string what) { return {ErrorCode::malformed, "want " + std::move(what)}; }

}  // namespace

base::Result<std::string> text_of(const Value& value) {
  const auto* text = std::get_if<std::string>(&value);
  if (text == nullptr) return wanted("a text in quotes");
  if (text->size() > text_bytes_max) {
    return Error{ErrorCode::too_large, fmt::format("want at most {} bytes", text_bytes_max)};
  }
  const auto control = [](unsigned char c) { return c < 0x20 || c == 0x7f; };
  if (std::any_of(text->begin(), text->end(), control)) {
    return wanted("a text without control characters");
  }
  return *text;
}

base::Result<std::vector<std::string>> list_of(const Value& value, std::size_t most) {
  const auto* list = std::get_if<std::vector<std::string>>(&value);
  if (list == nullptr) return wanted("a list of texts, like [\"a\", \"b\"]");
  if (list->size() > most) {
    return Error{ErrorCode::too_large, fmt::format("want at most {} entries", most)};
  }
  for (const std::string& text : *list) {
    if (auto fine = text_of(Value(text)); !fine) return fine.error();
  }
  return *list;
}

base::Result<bool> flag_of(const Value& value) {
  if (const auto* flag = std::get_if<bool>(&value)) return *flag;
  return wanted("true or false, without quotes");
}

base::Result<std::int64_t> count_of(const Value& value, std::int64_t least, std::int64_t most) {
  const auto* count = std::get_if<std::int64_t>(&value);
  if (count == nullptr) return wanted("a whole number without quotes");
  if (*count < least || *count > most) return wanted(fmt::format("{} to {}", least, most));
  return *count;
}

base::Result<double> fraction_of(const Value& value, double least, double most) {
  double number = NAN;
  if (const auto* fraction = std::get_if<double>(&value)) number = *fraction;
  if (const auto* count = std::get_if<std::int64_t>(&value)) number = static_cast<double>(*count);
  if (!(number >= least && number <= most)) return wanted(fmt::format("{} to {}", least, most));
  return number;
}

base::Result<std::uint64_t> size_of(const Value& value, std::uint64_t least, std::uint64_t most) {
  const auto bad = [&] {
    return wanted(fmt::format("a size from {} to {}", format_size(least), format_size(most)));
  };
  std::uint64_t bytes = 0;
  if (const auto* count = std::get_if<std::int64_t>(&value)) {
    if (*count < 0) return bad();
    bytes = static_cast<std::uint64_t>(*count);
  } else if (const auto* text = std::get_if<std::string>(&value)) {
    const auto [end, ec] = std::from_chars(text->data(), text->data() + text->size(), bytes);
    const std::string_view unit(end, static_cast<std::size_t>(text->data() + text->size() - end));
    const auto known = std::find_if(size_units.begin(), size_units.end(),
                                    [&](const auto& one) { return one.first == unit; });
    if (ec != std::errc() || (known == size_units.end() && !unit.empty())) return bad();
    const unsigned shift = unit.empty() ? 0 : known->second;
    if (bytes > (UINT64_MAX >> shift)) return bad();
    bytes <<= shift;
  } else {
    return bad();
  }
  if (bytes < least || bytes > most) return bad();
  return bytes;
}

base::Result<std::chrono::seconds> span_of(const Value& value, std::chrono::seconds least,
                                           std::chrono::seconds most) {
  const auto bad = [&] {
    return wanted(fmt::format("a span of time from {} to {}, like 90s, 15m, 2h, 3d",
                              base::format_span(least), base::format_span(most)));
  };
  std::chrono::seconds span{0};
  if (const auto* count = std::get_if<std::int64_t>(&value)) {
    if (*count < 0 || *count > most.count()) return bad();
    span = std::chrono::seconds(*count);
  } else if (const auto* text = std::get_if<std::string>(&value)) {
    const auto parsed = base::parse_span(*text);
    if (!parsed) return bad();
    span = *parsed;
  } else {
    return bad();
  }
  if (span < least || span > most) return bad();
  return span;
}

base::Result<std::size_t> choice_of(const Value& value, const std::vector<std::string>& names) {
  if (const auto* text = std::get_if<std::string>(&value)) {
    const auto found = std::find(names.begin(), names.end(), *text);
    if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  }
  return wanted(join_names(names));
}

base::Status check_text(const TextCheck& check, std::string& text) {
  if (!check) return {};
  if (std::string wrong = check(text); !wrong.empty()) {
    return Error{ErrorCode::malformed, std::move(wrong)};
  }
  return {};
}

std::string format_size(std::uint64_t bytes) {
  for (const auto& [unit, shift] : size_units) {
    if (bytes >= (1ULL << shift) && bytes % (1ULL << shift) == 0) {
      return fmt::format("{}{}", bytes >> shift, unit);
    }
  }
  return "0B";
}

std::string join_names(const std::vector<std::string>& names) {
  std::string out;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) out += i + 1 == names.size() ? " or " : ", ";
    out += names[i];
  }
  return out;
}

void expand_folders(std::string& text, const Folders& folders) {
  for (const auto& [mark, folder] :
       {std::pair<std::string_view, const std::string&>{"${state}", folders.state},
        {"${run}", folders.run}}) {
    for (auto at = text.find(mark); at != std::string::npos;
         at = text.find(mark, at + folder.size())) {
      text.replace(at, mark.size(), folder);
    }
  }
}

}  // namespace leumund::config
