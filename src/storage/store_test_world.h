// What:    a folder of its own and decisions, for the tests of the stores.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "base/time.h"
#include "model/decision.h"

namespace leumund::storage {

class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "leumund-store-XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] std::string file(const char* name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

inline base::TimePoint at(int seconds) {
  return base::TimePoint(std::chrono::seconds(1'700'000'000 + seconds));
}

inline model::Decision decision(std::uint64_t number, model::DecisionKind kind,
                                const char* subject) {
  model::Decision out;
  out.number = number;
  out.kind = kind;
  out.at = at(static_cast<int>(number));
  out.subject = *model::Subject::parse(subject);
  out.by = "burst";
  out.restriction.subject = out.subject;
  out.restriction.level = model::Level::no_sending;
  out.restriction.reason = "31 of 33 recipients never written to";
  out.restriction.since = out.at;
  out.restriction.until = at(9000);
  out.restriction.decision = number;
  out.restriction.automatic = true;
  return out;
}

}  // namespace leumund::storage
