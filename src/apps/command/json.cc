#include "apps/command/json.h"

#include <nlohmann/json.hpp>

namespace leumund::apps {

using Tree = nlohmann::ordered_json;

// Between our values and the library's.
struct JsonReader {
  // The parser bounds nothing, but what we read comes from our own daemon and is at most 64 MiB.
  static constexpr int depth_max = 100;

  static JsonValue value(const Tree& tree, int depth) {
    JsonValue made;
    if (depth > depth_max) return made;
    if (tree.is_boolean()) return tree.get<bool>();
    if (tree.is_string()) return tree.get<std::string>();
    if (tree.is_number()) {
      made = tree.get<double>();
      made.text_ = tree.dump();
    } else if (tree.is_array()) {
      made.kind_ = JsonValue::Kind::array;
      for (const Tree& item : tree) made.items_.push_back(value(item, depth + 1));
    } else if (tree.is_object()) {
      made.kind_ = JsonValue::Kind::object;
      for (const auto& [name, field] : tree.items()) {
        made.fields_.emplace_back(name, value(field, depth + 1));
      }
    }
    return made;
  }

  static Tree tree(const JsonValue& value) {
    switch (value.kind_) {
      case JsonValue::Kind::null: return nullptr;
      case JsonValue::Kind::flag: return value.flag_;
      case JsonValue::Kind::text: return value.text_;
      case JsonValue::Kind::number: {
        // As it was spelled: 7 stays 7 and does not become 7.0.
        Tree spelled = Tree::parse(value.text_, nullptr, false);
        return spelled.is_number() ? spelled : Tree(value.number_);
      }
      case JsonValue::Kind::array: {
        Tree list = Tree::array();
        for (const JsonValue& item : value.items_) list.push_back(tree(item));
        return list;
      }
      case JsonValue::Kind::object: {
        Tree fields = Tree::object();
        for (const auto& [name, field] : value.fields_) fields[name] = tree(field);
        return fields;
      }
    }
    return nullptr;
  }
};

JsonValue::JsonValue(std::uint64_t count)
    : kind_(Kind::number), number_(static_cast<double>(count)), text_(std::to_string(count)) {}

JsonValue JsonValue::object() {
  JsonValue made;
  made.kind_ = Kind::object;
  return made;
}

JsonValue JsonValue::parse(std::string_view text) {
  const Tree tree = Tree::parse(text, nullptr, false);
  return tree.is_discarded() ? JsonValue() : JsonReader::value(tree, 0);
}

std::string JsonValue::dump() const {
  return JsonReader::tree(*this).dump(-1, ' ', false, Tree::error_handler_t::replace);
}

const JsonValue& JsonValue::at(std::string_view name) const {
  static const JsonValue nothing;
  for (const auto& [known, value] : fields_) {
    if (known == name) return value;
  }
  return nothing;
}

void JsonValue::set(std::string name, JsonValue value) {
  fields_.emplace_back(std::move(name), std::move(value));
}

std::uint64_t JsonValue::count() const {
  return number_ > 0 && number_ < 1.8e19 ? static_cast<std::uint64_t>(number_) : 0;
}

std::optional<base::TimePoint> JsonValue::time() const {
  constexpr double year_9999_ends = 253402300799;
  if (kind_ != Kind::number || !(number_ >= 0 && number_ <= year_9999_ends)) return std::nullopt;
  return base::from_unix_seconds(number_);
}

std::string error_json(std::string_view code, std::string_view message) {
  JsonValue what = JsonValue::object();
  what.set("code", code);
  what.set("message", message);
  JsonValue answer = JsonValue::object();
  answer.set("error", std::move(what));
  return answer.dump();
}

}  // namespace leumund::apps
