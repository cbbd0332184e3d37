#include "face/api_fields.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "model/sender_name.h"

namespace leumund::face {
namespace {

using base::Error;
using base::ErrorCode;

constexpr std::size_t fields_max = 64;
constexpr double time_max = 253402300799;  // the end of the year 9999

std::optional<Fields::Value> value_of(const nlohmann::json& json) {
  if (json.is_null()) return Fields::Value(nullptr);
  if (json.is_boolean()) return Fields::Value(json.get<bool>());
  if (json.is_number()) return Fields::Value(json.get<double>());
  if (json.is_string()) return Fields::Value(json.get<std::string>());
  if (!json.is_object() || json.size() > fields_max) return std::nullopt;
  std::map<std::string, std::string> texts;
  for (const auto& [key, value] : json.items()) {
    if (!value.is_string()) return std::nullopt;
    texts[key] = value.get<std::string>();
  }
  return Fields::Value(std::move(texts));
}

}  // namespace

base::Result<Fields> Fields::from_body(std::string_view text) {
  Fields fields;
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object()) return Error{ErrorCode::malformed, "the body is no JSON object"};
  if (json.size() > fields_max) return Error{ErrorCode::too_large, "the body has over 64 fields"};
  for (const auto& [key, value] : json.items()) {
    auto read = value_of(value);
    if (!read) {
      return Error{ErrorCode::malformed,
                   fmt::format("field '{}' has a type that no field has", key.substr(0, 64))};
    }
    fields.values_[key] = std::move(*read);
  }
  return fields;
}

base::Result<Fields> Fields::from_params(const std::map<std::string, std::string>& params) {
  if (params.size() > fields_max) return Error{ErrorCode::too_large, "over 64 parameters"};
  Fields fields;
  for (const auto& [name, value] : params) fields.values_[name] = value;
  return fields;
}

const Fields::Value* Fields::find(const std::string& name) {
  read_.insert(name);
  const auto found = values_.find(name);
  if (found == values_.end() || std::holds_alternative<std::nullptr_t>(found->second))
    return nullptr;
  return &found->second;
}

void Fields::wrong(std::string what) {
  if (problem_.empty()) problem_ = std::move(what);
}

model::Subject Fields::read_subject(const std::string& name, bool sends) {
  const Value* value = find(name);
  const auto* given = value == nullptr ? nullptr : std::get_if<std::string>(value);
  if (given == nullptr) {
    wrong(name + " is missing; write account:NAME, script:uid33 or just NAME");
    return {};
  }
  auto subject = sends ? model::read_sender(*given) : model::read_subject(*given);
  if (!subject) {
    wrong(subject.error().message);
    return {};
  }
  return std::move(*subject);
}

std::optional<std::string> Fields::text(const std::string& name, std::size_t most) {
  const Value* value = find(name);
  if (value == nullptr) return std::nullopt;
  const auto* given = std::get_if<std::string>(value);
  if (given == nullptr || given->size() > most) {
    wrong(fmt::format("{} is no text of at most {} bytes", name, most));
    return std::nullopt;
  }
  return *given;
}

bool Fields::flag(const std::string& name) {
  const Value* value = find(name);
  if (value == nullptr) return false;
  if (const auto* flag = std::get_if<bool>(value)) return *flag;
  const auto* given = std::get_if<std::string>(value);
  if (given != nullptr && (*given == "true" || *given == "1")) return true;
  if (given != nullptr && (*given == "false" || *given == "0")) return false;
  wrong(name + " is neither true nor false");
  return false;
}

std::optional<std::uint64_t> Fields::count(const std::string& name, std::uint64_t most) {
  const Value* value = find(name);
  if (value == nullptr) return std::nullopt;
  const auto bad = [&] { wrong(fmt::format("{} is no whole number from 0 to {}", name, most)); };
  if (const auto* number = std::get_if<double>(value)) {
    if (*number >= 0 && *number <= static_cast<double>(most) && std::floor(*number) == *number) {
      return static_cast<std::uint64_t>(*number);
    }
  } else if (const auto* given = std::get_if<std::string>(value)) {
    std::uint64_t read = 0;
    const auto [end, ec] = std::from_chars(given->data(), given->data() + given->size(), read);
    if (ec == std::errc() && end == given->data() + given->size() && read <= most) return read;
  }
  bad();
  return std::nullopt;
}

std::optional<base::TimePoint> Fields::time(const std::string& name) {
  const Value* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (const auto* number = std::get_if<double>(value)) {
    if (*number >= 0 && *number <= time_max) return base::from_unix_seconds(*number);
  } else if (const auto* given = std::get_if<std::string>(value)) {
    if (const auto at = base::parse_rfc3339(*given)) return *at;
  }
  wrong(name + " is neither Unix seconds nor a time like 2026-12-24T12:00:00+01:00");
  return std::nullopt;
}

std::optional<std::chrono::seconds> Fields::span(const std::string& name) {
  const Value* value = find(name);
  if (value == nullptr) return std::nullopt;
  std::string given;
  if (const auto* text = std::get_if<std::string>(value)) given = *text;
  if (const auto* number = std::get_if<double>(value)) given = fmt::format("{:.0f}", *number);
  const auto span = base::parse_span(given);
  if (!span || span->count() == 0) {
    wrong(name + " is no span of time like 90s, 15m, 2h, 3d");
    return std::nullopt;
  }
  return *span;
}

std::map<std::string, std::string> Fields::texts(const std::string& name) {
  const Value* value = find(name);
  if (value == nullptr) return {};
  if (const auto* given = std::get_if<std::map<std::string, std::string>>(value)) return *given;
  wrong(name + " is no object of texts");
  return {};
}

base::Status Fields::problem() {
  for (const auto& [name, value] : values_) {
    if (!read_.contains(name)) wrong(fmt::format("unknown field '{}'", name.substr(0, 64)));
  }
  if (problem_.empty()) return {};
  return Error{ErrorCode::malformed, problem_};
}

}  // namespace leumund::face
