// The kinds of options: how a value of each is read, bounded, checked and shown.
//
// Each function makes one row of the option table. Whether a reload takes the option up follows
// from the struct its member lives in, so that the two can never disagree.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "config/option_table.h"

namespace leumund::config {

// The types whose values may start with ${state} or ${run}.
constexpr std::string_view path_type = "path";
constexpr std::string_view listen_type = "listening address";
[[nodiscard]] inline bool holds_path(std::string_view type) {
  return type == path_type || type == listen_type || type == "list of listening addresses" ||
         type == "list of paths";
}

// Returns "" when the text is fine, else what is wrong with it.
using TextCheck = std::function<std::string(std::string&)>;  // may change it: to lower case, say

template <typename Part>
Part& part_of(Settings& settings) {
  if constexpr (std::is_same_v<Part, RunSettings>) {
    return settings.run;
  } else {
    return settings.start;
  }
}

// One text or number read from a Value; the error says what was wanted.
base::Result<std::string> text_of(const Value& value);
base::Result<std::vector<std::string>> list_of(const Value& value, std::size_t most);
base::Result<bool> flag_of(const Value& value);
base::Result<std::int64_t> count_of(const Value& value, std::int64_t least, std::int64_t most);
base::Result<double> fraction_of(const Value& value, double least, double most);
base::Result<std::uint64_t> size_of(const Value& value, std::uint64_t least, std::uint64_t most);
base::Result<std::chrono::seconds> span_of(const Value& value, std::chrono::seconds least,
                                           std::chrono::seconds most);
base::Result<std::size_t> choice_of(const Value& value, const std::vector<std::string>& names);
base::Status check_text(const TextCheck& check, std::string& text);

[[nodiscard]] std::string format_size(std::uint64_t bytes);
[[nodiscard]] std::string join_names(const std::vector<std::string>& names);
void expand_folders(std::string& text, const Folders& folders);

template <typename Part>
Option option_row(std::string name, std::string type, Value default_value, std::string sentence) {
  Option row;
  row.name = std::move(name);
  row.type = std::move(type);
  row.default_value = std::move(default_value);
  row.reloadable = std::is_same_v<Part, RunSettings>;
  row.sentence = std::move(sentence);
  return row;
}

// Any one-valued member: `read` makes the value or says what is wrong, `write` is its inverse.
template <typename Part, typename T, typename Read, typename Write>
void bind(Option& row, T Part::* member, Read read, Write write) {
  row.set = [member, read](Settings& settings, const Value& value) -> base::Status {
    auto made = read(value);
    if (!made) return made.error();
    part_of<Part>(settings).*member = std::move(*made);
    return {};
  };
  row.get = [member, write](const Settings& settings) -> Value {
    return write(part_of<Part>(const_cast<Settings&>(settings)).*member);
  };
}

template <typename Part>
Option text_option(std::string name, std::string Part::* member, std::string type,
                   std::string default_text, TextCheck check, std::string sentence) {
  Option row = option_row<Part>(std::move(name), std::move(type), std::move(default_text),
                                std::move(sentence));
  bind(
      row, member,
      [check](const Value& value) -> base::Result<std::string> {
        auto text = text_of(value);
        if (!text) return text.error();
        if (auto fine = check_text(check, *text); !fine) return fine.error();
        return text;
      },
      [](const std::string& text) { return Value(text); });
  if (holds_path(row.type)) {
    row.expand = [member](Settings& settings, const Folders& folders) {
      expand_folders(part_of<Part>(settings).*member, folders);
    };
  }
  return row;
}

// The rows of option_detectors.cc and mail_options.cc.
void add_detector_options(std::vector<Option>& table);
void add_mail_options(std::vector<Option>& table);

constexpr std::size_t list_entries_max = 10'000;

template <typename Part>
Option list_option(std::string name, std::vector<std::string> Part::* member, std::string type,
                   std::vector<std::string> default_list, TextCheck check, std::string sentence) {
  Option row = option_row<Part>(std::move(name), std::move(type), std::move(default_list),
                                std::move(sentence));
  bind(
      row, member,
      [check](const Value& value) -> base::Result<std::vector<std::string>> {
        auto list = list_of(value, list_entries_max);
        if (!list) return list.error();
        for (std::string& text : *list) {
          if (auto fine = check_text(check, text); !fine) return fine.error();
        }
        return list;
      },
      [](const std::vector<std::string>& list) { return Value(list); });
  if (holds_path(row.type)) {
    row.expand = [member](Settings& settings, const Folders& folders) {
      for (std::string& text : part_of<Part>(settings).*member) expand_folders(text, folders);
    };
  }
  return row;
}

template <typename Part>
Option flag_option(std::string name, bool Part::* member, bool default_flag, std::string sentence) {
  Option row =
      option_row<Part>(std::move(name), "true or false", default_flag, std::move(sentence));
  bind(
      row, member, [](const Value& value) { return flag_of(value); },
      [](bool flag) { return Value(flag); });
  return row;
}

template <typename Part, typename Number>
Option count_option(std::string name, Number Part::* member, std::string unit, Number default_count,
                    Number least, Number most, std::string sentence) {
  Option row = option_row<Part>(std::move(name), std::move(unit),
                                static_cast<std::int64_t>(default_count), std::move(sentence));
  row.bounds = std::to_string(least) + " to " + std::to_string(most);
  bind(
      row, member,
      [least, most](const Value& value) -> base::Result<Number> {
        auto count =
            count_of(value, static_cast<std::int64_t>(least), static_cast<std::int64_t>(most));
        if (!count) return count.error();
        return static_cast<Number>(*count);
      },
      [](Number count) { return Value(static_cast<std::int64_t>(count)); });
  return row;
}

template <typename Part>
Option size_option(std::string name, std::uint64_t Part::* member, std::uint64_t default_bytes,
                   std::uint64_t least, std::uint64_t most, std::string sentence) {
  Option row =
      option_row<Part>(std::move(name), "size", format_size(default_bytes), std::move(sentence));
  row.bounds = format_size(least) + " to " + format_size(most);
  bind(
      row, member, [least, most](const Value& value) { return size_of(value, least, most); },
      [](std::uint64_t bytes) { return Value(format_size(bytes)); });
  return row;
}

template <typename Part>
Option span_option(std::string name, std::chrono::seconds Part::* member,
                   std::chrono::seconds default_span, std::chrono::seconds least,
                   std::chrono::seconds most, std::string sentence) {
  Option row = option_row<Part>(std::move(name), "span of time", base::format_span(default_span),
                                std::move(sentence));
  row.bounds = base::format_span(least) + " to " + base::format_span(most);
  bind(
      row, member, [least, most](const Value& value) { return span_of(value, least, most); },
      [](std::chrono::seconds span) { return Value(base::format_span(span)); });
  return row;
}

template <typename Part, typename Enum>
Option choice_option(std::string name, Enum Part::* member, std::vector<std::string> names,
                     Enum default_choice, std::string sentence) {
  Option row =
      option_row<Part>(std::move(name), "choice",
                       names.at(static_cast<std::size_t>(default_choice)), std::move(sentence));
  row.bounds = join_names(names);
  bind(
      row, member,
      [names](const Value& value) -> base::Result<Enum> {
        auto index = choice_of(value, names);
        if (!index) return index.error();
        return static_cast<Enum>(*index);
      },
      [names](Enum choice) { return Value(names.at(static_cast<std::size_t>(choice))); });
  return row;
}

}  // namespace leumund::config
