// What a caller gave, from a JSON body or a query, read by name with errors that name the field.
//
// Flow:    handler: Fields::from_body or from_params -> text/count/... -> problem().
// Limits:  as the Api's; a field asked for twice is the handler's affair.
// Errors:  the first thing wrong is kept; the readers then give empty values, so that a handler
//          reads all it needs and asks once. A field nobody asked for is a problem: a typing error
//          in "until" must not make a suspension endless.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"
#include "base/time.h"
#include "model/subject.h"

namespace leumund::face {

class Fields {
 public:
  using Value =
      std::variant<std::nullptr_t, bool, double, std::string, std::map<std::string, std::string>>;

  [[nodiscard]] static base::Result<Fields> from_body(std::string_view json);
  [[nodiscard]] static base::Result<Fields> from_params(
      const std::map<std::string, std::string>& params);

  // Required. A sender is a subject that can be restricted: model/sender_name.h.
  [[nodiscard]] model::Subject subject(const std::string& name) {
    return read_subject(name, false);
  }
  [[nodiscard]] model::Subject sender(const std::string& name) { return read_subject(name, true); }
  [[nodiscard]] std::optional<std::string> text(const std::string& name, std::size_t most);
  [[nodiscard]] bool flag(const std::string& name);  // false if missing
  [[nodiscard]] std::optional<std::uint64_t> count(const std::string& name, std::uint64_t most);
  [[nodiscard]] std::optional<base::TimePoint> time(const std::string& name);
  [[nodiscard]] std::optional<std::chrono::seconds> span(const std::string& name);
  [[nodiscard]] std::map<std::string, std::string> texts(const std::string& name);

  void wrong(std::string what);  // keeps the first
  // After all was read: the first problem, or a field that nobody knows.
  [[nodiscard]] base::Status problem();

 private:
  [[nodiscard]] model::Subject read_subject(const std::string& name, bool sends);
  const Value* find(const std::string& name);

  std::map<std::string, Value> values_;
  std::set<std::string> read_;
  std::string problem_;
};

}  // namespace leumund::face
