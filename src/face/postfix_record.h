// What `connect postfix` changed, kept in the state folder until `disconnect`.
//
// Flow:    connect writes it before it changes anything; disconnect takes back what it lists.
// Limits:  a record of at most 1 MiB.
// Errors:  a record that cannot be read names its file; a damaged one is not used in part.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "face/postfix_plan.h"

namespace leumund::face {

// The text of main.cf or master.cf around our change: where nobody touched it since, disconnect
// gives back the very bytes.
struct PostfixFileCopy {
  std::string before;
  std::string after;

  bool operator==(const PostfixFileCopy&) const = default;
};

struct PostfixRecord {
  std::string folder;
  std::vector<PostfixChange> changes;
  std::optional<PostfixFileCopy> main_cf;
  std::optional<PostfixFileCopy> master_cf;
};

// STATE/connect/_etc_postfix.json
[[nodiscard]] std::string postfix_record_path(const std::string& state_folder,
                                              const std::string& postfix_folder);

// Nothing when there is none.
[[nodiscard]] base::Result<std::optional<PostfixRecord>> read_postfix_record(
    const std::string& path);
[[nodiscard]] base::Status write_postfix_record(const std::string& path,
                                                const PostfixRecord& record);

[[nodiscard]] std::string postfix_record_json(const PostfixRecord& record);
[[nodiscard]] base::Result<PostfixRecord> parse_postfix_record(std::string_view json);

}  // namespace leumund::face
