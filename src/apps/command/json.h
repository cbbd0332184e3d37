// The daemon's JSON as plain values: what is missing or of another type reads as empty, so that a
// strange answer shows little instead of ending the program.
//
// Owner:   a value owns what is in it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"

namespace leumund::apps {

class JsonValue {
 public:
  enum class Kind : std::uint8_t { null, flag, number, text, array, object };

  JsonValue() = default;
  JsonValue(bool flag) : kind_(Kind::flag), flag_(flag) {}                    // NOLINT
  JsonValue(double number) : kind_(Kind::number), number_(number) {}          // NOLINT
  JsonValue(std::uint64_t count);                                             // NOLINT
  JsonValue(std::string text) : kind_(Kind::text), text_(std::move(text)) {}  // NOLINT
  JsonValue(std::string_view text) : JsonValue(std::string(text)) {}          // NOLINT
  JsonValue(const char* text) : JsonValue(std::string(text)) {}               // NOLINT
  [[nodiscard]] static JsonValue object();

  // Null for what is no JSON.
  [[nodiscard]] static JsonValue parse(std::string_view text);
  // One line; bytes that are no UTF-8 are replaced.
  [[nodiscard]] std::string dump() const;

  [[nodiscard]] bool is_object() const { return kind_ == Kind::object; }
  [[nodiscard]] bool is_array() const { return kind_ == Kind::array; }
  [[nodiscard]] bool is_text() const { return kind_ == Kind::text; }
  [[nodiscard]] bool is_number() const { return kind_ == Kind::number; }
  [[nodiscard]] bool empty() const { return items_.empty() && fields_.empty(); }
  [[nodiscard]] std::size_t size() const { return items_.size() + fields_.size(); }

  // The elements of an array, in order; nothing for all else.
  [[nodiscard]] std::vector<JsonValue>::const_iterator begin() const { return items_.begin(); }
  [[nodiscard]] std::vector<JsonValue>::const_iterator end() const { return items_.end(); }
  // The fields of an object, in order; nothing for all else.
  using Fields = std::vector<std::pair<std::string, JsonValue>>;
  [[nodiscard]] const Fields& fields() const { return fields_; }

  // A field of an object; a null value if there is none.
  [[nodiscard]] const JsonValue& at(std::string_view name) const;
  void set(std::string name, JsonValue value);  // in an object

  [[nodiscard]] const std::string& text() const { return text_; }  // "" for all else
  [[nodiscard]] bool flag() const { return flag_; }
  [[nodiscard]] double number() const { return number_; }
  [[nodiscard]] std::uint64_t count() const;                  // 0 for what is none
  [[nodiscard]] std::optional<base::TimePoint> time() const;  // Unix seconds up to the year 9999

 private:
  friend struct JsonReader;

  Kind kind_ = Kind::null;
  bool flag_ = false;
  double number_ = 0;
  std::string text_;  // of a number: as it was spelled
  std::vector<JsonValue> items_;
  Fields fields_;
};

// {"error":{"code":...,"message":...}}
[[nodiscard]] std::string error_json(std::string_view code, std::string_view message);

}  // namespace leumund::apps
