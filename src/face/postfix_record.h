// What `connect postfix` changed, kept beside the configuration file until `disconnect`.
//
// Root does what a record says, so one that others than root, or than who calls, could have written
// is refused. It is not kept in the state folder, which belongs to the daemon's user.
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

// Where the record of one Postfix lies.
struct PostfixRecordPlace {
  std::string path;     // /etc/leumund/connect/_etc_postfix.json
  std::string earlier;  // STATE/connect/_etc_postfix.json, as the first versions had it
  std::string folder;   // the Postfix it is of
};
[[nodiscard]] PostfixRecordPlace postfix_record_place(const std::string& config_file,
                                                      const std::string& state_folder,
                                                      const std::string& postfix_folder);

// Errors: refused when others could change what the configuration file says.
[[nodiscard]] base::Status check_config_owner(const std::string& config_file);

// Nothing when there is none at either place. Errors: refused, malformed.
[[nodiscard]] base::Result<std::optional<PostfixRecord>> read_postfix_record(
    const PostfixRecordPlace& place);
// Makes the folder for it. An earlier one is removed.
[[nodiscard]] base::Status write_postfix_record(const PostfixRecordPlace& place,
                                                const PostfixRecord& record);
[[nodiscard]] base::Status remove_postfix_record(const PostfixRecordPlace& place);

[[nodiscard]] std::string postfix_record_json(const PostfixRecord& record);
[[nodiscard]] base::Result<PostfixRecord> parse_postfix_record(std::string_view json);

}  // namespace leumund::face
