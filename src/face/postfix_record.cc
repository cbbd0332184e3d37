#include "face/postfix_record.h"

#include <fmt/core.h>

#include <filesystem>

#include <nlohmann/json.hpp>

#include "action/atomic_file.h"

namespace leumund::face {
namespace {

using base::Error;
using base::ErrorCode;
using Json = nlohmann::ordered_json;

constexpr std::size_t record_bytes_max = 1U << 20;

Json optional_json(const std::optional<std::string>& text) {
  return text ? Json(*text) : Json(nullptr);
}

Json copy_json(const std::optional<PostfixFileCopy>& copy) {
  if (!copy) return nullptr;
  return {{"before", copy->before}, {"after", copy->after}};
}

// Reads a field that must be a text, or null where `may_be_null`.
bool read(const Json& from, const char* name, std::optional<std::string>& into, bool may_be_null) {
  const auto found = from.find(name);
  if (found == from.end()) return false;
  if (found->is_null() && may_be_null) return true;
  if (!found->is_string()) return false;
  into = found->get<std::string>();
  return true;
}

bool read(const Json& from, const char* name, std::string& into) {
  std::optional<std::string> text;
  if (!read(from, name, text, false)) return false;
  into = std::move(*text);
  return true;
}

bool read(const Json& from, const char* name, std::optional<PostfixFileCopy>& into) {
  const auto found = from.find(name);
  if (found == from.end() || found->is_null()) return true;
  PostfixFileCopy copy;
  if (!found->is_object() || !read(*found, "before", copy.before) ||
      !read(*found, "after", copy.after)) {
    return false;
  }
  into = std::move(copy);
  return true;
}

bool read(const Json& from, PostfixChange& into) {
  if (!from.is_object() || !read(from, "service", into.service) ||
      !read(from, "parameter", into.parameter) || !read(from, "before", into.before, true) ||
      !read(from, "after", into.after, true) || !from.contains("elements") ||
      !from["elements"].is_array()) {
    return false;
  }
  for (const Json& element : from["elements"]) {
    if (!element.is_string()) return false;
    into.elements.push_back(element.get<std::string>());
  }
  return true;
}

}  // namespace

std::string postfix_record_path(const std::string& state_folder,
                                const std::string& postfix_folder) {
  std::string name = postfix_folder;
  for (char& c : name) {
    if (c == '/') c = '_';
  }
  return state_folder + "/connect/" + name + ".json";
}

std::string postfix_record_json(const PostfixRecord& record) {
  Json changes = Json::array();
  for (const PostfixChange& change : record.changes) {
    changes.push_back({{"service", change.service},
                       {"parameter", change.parameter},
                       {"before", optional_json(change.before)},
                       {"after", optional_json(change.after)},
                       {"elements", change.elements}});
  }
  const Json out = {{"version", 1},
                    {"folder", record.folder},
                    {"changes", std::move(changes)},
                    {"main_cf", copy_json(record.main_cf)},
                    {"master_cf", copy_json(record.master_cf)}};
  // Bytes that are no UTF-8 would not come back the same; such a file has no byte copy.
  return out.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

base::Result<PostfixRecord> parse_postfix_record(std::string_view text) {
  const Error damaged{ErrorCode::malformed, "is no record of connect postfix"};
  const Json json = Json::parse(text, nullptr, false);
  PostfixRecord record;
  if (!json.is_object() || json.value("version", Json()) != 1 ||
      !read(json, "folder", record.folder) || !read(json, "main_cf", record.main_cf) ||
      !read(json, "master_cf", record.master_cf) || !json.contains("changes") ||
      !json["changes"].is_array()) {
    return damaged;
  }
  for (const Json& one : json["changes"]) {
    PostfixChange change;
    if (!read(one, change)) return damaged;
    record.changes.push_back(std::move(change));
  }
  return record;
}

base::Result<std::optional<PostfixRecord>> read_postfix_record(const std::string& path) {
  const auto identity = action::identify_file(path);
  if (!identity) return identity.error();
  if (!identity->exists()) return std::optional<PostfixRecord>();
  const auto content = action::read_file(path, record_bytes_max);
  if (!content) return content.error();
  auto record = parse_postfix_record(content->bytes);
  if (!record) {
    return Error{record.error().code, fmt::format("{}: {}", path, record.error().message)};
  }
  return std::optional(std::move(*record));
}

base::Status write_postfix_record(const std::string& path, const PostfixRecord& record) {
  std::error_code error;
  const auto folder = std::filesystem::path(path).parent_path();
  std::filesystem::create_directories(folder, error);
  if (error) {
    return Error{ErrorCode::unavailable, fmt::format("{}: {}", folder.string(), error.message())};
  }
  auto written = action::write_file_atomically(path, postfix_record_json(record), 0600);
  if (!written) return written.error();
  return {};
}

}  // namespace leumund::face
