#include "wire/zone_file.h"

#include <fmt/core.h>

#include <array>
#include <utility>

#include "base/trimmed.h"

namespace leumund::wire {
namespace {

constexpr std::array<std::pair<std::string_view, ZoneFormat>, 9> format_names = {{
    {"ip4set", ZoneFormat::ip4set},
    {"ip4trie", ZoneFormat::ip4trie},
    {"ip4tset", ZoneFormat::ip4tset},
    {"ip6trie", ZoneFormat::ip6trie},
    {"ip6tset", ZoneFormat::ip6tset},
    {"dnset", ZoneFormat::dnset},
    {"generic", ZoneFormat::generic},
    {"combined", ZoneFormat::combined},
    {"acl", ZoneFormat::acl},
}};

bool comment(char c) { return c == '#' || c == ';'; }

}  // namespace

std::optional<ZoneFormat> zone_format_of(std::string_view name) {
  for (const auto& [known, format] : format_names) {
    if (known == name) return format;
  }
  return std::nullopt;
}

std::string_view zone_format_name(ZoneFormat format) {
  for (const auto& [name, known] : format_names) {
    if (known == format) return name;
  }
  return "?";
}

std::string ZoneWarning::to_text() const { return fmt::format("{}:{}: {}", file, line, text); }

std::string_view skip_blanks(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  return text;
}

std::string_view take_word(std::string_view& text) {
  const std::size_t end = std::min(text.find_first_of(" \t"), text.size());
  const std::string_view word = text.substr(0, end);
  text = skip_blanks(text.substr(end));
  return word;
}

ZoneReader::ZoneReader(ZoneFormat format, const ZoneReadOptions& options, ZoneValues& values,
                       ZoneSink& sink)
    : format_(format), options_(options), values_(values), sink_(sink), part_format_(format) {
  scope_.ttl = options.ttl;
}

void ZoneReader::begin_file(std::string name) {
  file_ = std::move(name);
  line_ = 0;
  in_part_ = false;  // a file of a combined dataset begins with its own $DATASET
  part_format_ = format_;
  set_default_value({});
  default_access_ = zone_ignore;
}

base::Status ZoneReader::read(std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view piece = text.substr(0, end);
    if (end == std::string_view::npos) {
      if (!skipping_) partial_ += piece.substr(0, line_bytes_max + 1 - partial_.size());
      return {};
    }
    text.remove_prefix(end + 1);
    if (std::exchange(skipping_, false)) continue;
    base::Status done;
    if (partial_.empty()) {
      done = read_line(piece);
    } else {
      partial_ += piece.substr(0, line_bytes_max + 1 - std::min(line_bytes_max, partial_.size()));
      const std::string line = std::exchange(partial_, {});
      done = read_line(line);
    }
    if (!done.ok()) return done;
  }
  return {};
}

base::Status ZoneReader::end_file() {
  skipping_ = false;
  if (partial_.empty()) return {};
  const std::string line = std::exchange(partial_, {});
  return read_line(line);
}

void ZoneReader::finish() {
  if (format_ == ZoneFormat::combined) {
    end_part();
  } else {
    if (scope_.single_value == 0) scope_.single_value = intern({});
    sink_.end_part(scope_);
  }
}

void ZoneReader::end_part() {
  if (!std::exchange(part_open_, false)) return;
  if (part_scope_.single_value == 0) part_scope_.single_value = intern({});
  sink_.end_part(part_scope_);
}

base::Status ZoneReader::read_line(std::string_view line) {
  ++line_;
  if (line.size() > line_bytes_max) {
    warn(fmt::format("the line is longer than {} bytes and is cut", line_bytes_max));
    line = line.substr(0, line_bytes_max);
  }
  line = base::trimmed(line);
  if (line.empty()) return {};
  if (line.front() == '$') return special(line.substr(1));
  if (line.size() > 1 && line[1] == '$' && (comment(line.front()) || line.front() == ':')) {
    return special(line.substr(2));
  }
  if (comment(line.front())) return {};
  return entry(line);
}

base::Status ZoneReader::entry(std::string_view line) {
  switch (part_format_) {
    case ZoneFormat::ip4set:
    case ZoneFormat::ip4trie: entry_range4(line); break;
    case ZoneFormat::ip4tset: entry_address4(line); break;
    case ZoneFormat::ip6trie: entry_prefix6(line); break;
    case ZoneFormat::ip6tset: entry_half6(line); break;
    case ZoneFormat::dnset: entry_name(line); break;
    case ZoneFormat::generic: entry_record(line); break;
    case ZoneFormat::acl: entry_access(line); break;
    case ZoneFormat::combined:
      return base::Error{
          base::ErrorCode::malformed,
          fmt::format("{}:{}: an entry stands before the first $DATASET", file_, line_)};
  }
  if (out_of_values_) {
    return base::Error{
        base::ErrorCode::exhausted,
        fmt::format("{}:{}: the texts of the zone take more than 4 GiB", file_, line_)};
  }
  return {};
}

ZoneValue ZoneReader::default_value() const { return {default_address_, default_text_}; }

void ZoneReader::set_default_value(const ZoneValue& value) {
  default_address_ = value.address;
  default_text_ = std::string(value.text);
  default_number_ = 0;
}

std::uint32_t ZoneReader::intern(const ZoneValue& value) {
  const std::uint32_t number = values_.intern(value);
  if (number == zone_excluded) out_of_values_ = true;
  return number;
}

void ZoneReader::warn(std::string text) {
  ++warning_count_;
  if (warnings_.size() < warnings_kept) warnings_.push_back({file_, line_, std::move(text)});
}

}  // namespace leumund::wire
