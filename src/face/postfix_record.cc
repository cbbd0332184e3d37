#include "face/postfix_record.h"

#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "action/atomic_file.h"
#include "action/path_owners.h"

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

base::Status check_record_owner(const std::string& path, const PostfixRecordPlace& place) {
  const auto foreign = action::foreign_place(path, ::geteuid());
  if (!foreign) return {};
  return Error{ErrorCode::refused,
               fmt::format("the record {} is not obeyed; look whether it tells what connect "
                           "changed, then {}, or delete it: {} {}",
                           path,
                           path == place.path ? "make it and what is above it root's alone"
                                              : "move it to " + place.path,
                           foreign->path, foreign->why)};
}

base::Status check_folder_owner(const std::string& folder) {
  const auto foreign = action::foreign_place(folder, ::geteuid());
  if (!foreign) return {};
  return Error{ErrorCode::refused, fmt::format("{} is no safe place for the record of connect; "
                                               "chown root and chmod go-w: {} {}",
                                               folder, foreign->path, foreign->why)};
}

base::Result<std::optional<PostfixRecord>> read_one(const std::string& path,
                                                    const PostfixRecordPlace& place) {
  const auto identity = action::identify_file(path);
  if (!identity) return identity.error();
  if (!identity->exists()) return std::optional<PostfixRecord>();
  if (auto ours = check_record_owner(path, place); !ours) return ours.error();
  const auto content = action::read_file(path, record_bytes_max);
  if (!content) return content.error();
  auto record = parse_postfix_record(content->bytes);
  if (!record) {
    return Error{record.error().code, fmt::format("{}: {}", path, record.error().message)};
  }
  if (record->folder != place.folder) {
    return Error{ErrorCode::malformed, fmt::format("{} is the record of {}, not of {}", path,
                                                   record->folder, place.folder)};
  }
  return std::optional(std::move(*record));
}

// One that others could have put there stays: it is not obeyed any more.
base::Status remove_one(const std::string& path) {
  if (action::foreign_place(path, ::geteuid())) return {};
  std::error_code error;
  std::filesystem::remove(path, error);
  if (error) return Error{ErrorCode::unavailable, fmt::format("{}: {}", path, error.message())};
  return {};
}

}  // namespace

PostfixRecordPlace postfix_record_place(const std::string& config_file,
                                        const std::string& state_folder,
                                        const std::string& postfix_folder) {
  std::string name = postfix_folder;
  for (char& c : name) {
    if (c == '/') c = '_';
  }
  const auto beside = std::filesystem::absolute(config_file).parent_path();
  return {.path = (beside / "connect" / (name + ".json")).string(),
          .earlier = state_folder + "/connect/" + name + ".json",
          .folder = postfix_folder};
}

base::Status check_config_owner(const std::string& config_file) {
  const std::string path = std::filesystem::absolute(config_file).string();
  const auto foreign = action::foreign_place(path, ::geteuid());
  if (!foreign) return {};
  return Error{ErrorCode::refused,
               fmt::format("{} is not obeyed as long as others than root can change it; chown root "
                           "and chmod go-w: {} {}",
                           path, foreign->path, foreign->why)};
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

base::Result<std::optional<PostfixRecord>> read_postfix_record(const PostfixRecordPlace& place) {
  auto record = read_one(place.path, place);
  if (!record || *record) return record;
  return read_one(place.earlier, place);
}

base::Status write_postfix_record(const PostfixRecordPlace& place, const PostfixRecord& record) {
  std::error_code error;
  const auto folder = std::filesystem::path(place.path).parent_path();
  const auto cannot = [&](const std::string& why) {
    return Error{ErrorCode::unavailable, fmt::format("{}: {}", folder.string(), why)};
  };
  if (auto ours = check_folder_owner(folder); !ours) return ours;
  std::filesystem::create_directories(folder.parent_path(), error);
  if (error) return cannot(error.message());
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return cannot(std::strerror(errno));
  // Somebody may have been quicker where the folder above is /tmp.
  if (auto ours = check_folder_owner(folder); !ours) return ours;
  auto written = action::write_file_atomically(place.path, postfix_record_json(record), 0600);
  if (!written) return written.error();
  // They may be one file under two names; an error: there is none.
  if (std::filesystem::equivalent(place.path, place.earlier, error)) return {};
  return remove_one(place.earlier);
}

base::Status remove_postfix_record(const PostfixRecordPlace& place) {
  if (auto done = remove_one(place.path); !done) return done;
  return remove_one(place.earlier);
}

}  // namespace leumund::face
