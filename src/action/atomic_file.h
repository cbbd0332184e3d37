// A file that others read is replaced whole: written beside, synced, renamed over.
//
// Limits:  read_file() refuses more than `bytes_max`.
// Threads: any; two writers of one path each leave a whole file, the last one stays.
// Errors:  name the path and the system's reason; a failed write leaves the old file untouched.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/descriptor.h"

namespace leumund::action {

// Tells whether a path still means the same bytes.
struct FileIdentity {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::int64_t modified_ns = 0;
  std::int64_t changed_ns = 0;
  std::int64_t size = -1;  // -1: there is no file
  bool operator==(const FileIdentity&) const = default;
  [[nodiscard]] bool exists() const { return size >= 0; }
};

// What a file is that was written and then renamed over another, which changes only `changed_ns`.
// Whoever was quick enough to edit it since has not edited what we wrote: the edit is to be seen.
[[nodiscard]] FileIdentity told_as_written(const FileIdentity& written, const FileIdentity& now);

class AtomicFile {
 public:
  // Opens a new file beside `path`. Owner and mode of a file that `path` names now are kept as far
  // as we may; a new one gets `mode`. A symbolic link is followed, so that the link stays.
  [[nodiscard]] static base::Result<AtomicFile> open(const std::string& path, mode_t mode);
  AtomicFile(AtomicFile&& other) noexcept;
  AtomicFile& operator=(AtomicFile&&) = delete;
  ~AtomicFile();  // without commit() the new file is removed

  // Where the new file lies until commit(), for a library that wants a path.
  [[nodiscard]] const std::string& beside() const { return beside_; }
  [[nodiscard]] int fd() const { return file_.get(); }
  [[nodiscard]] base::Status write(std::string_view bytes);
  // Makes the new file durable and visible, and tells what it is now. Ends the use of this object.
  [[nodiscard]] base::Result<FileIdentity> commit();

 private:
  AtomicFile(std::string path, std::string beside, net::Descriptor file);
  std::string path_;
  std::string beside_;
  net::Descriptor file_;
};

[[nodiscard]] base::Result<FileIdentity> write_file_atomically(const std::string& path,
                                                               std::string_view bytes, mode_t mode);

[[nodiscard]] base::Result<FileIdentity> identify_file(const std::string& path);

struct FileContent {
  std::string bytes;
  FileIdentity identity;
};

// A regular file only. Errors: unavailable, too_large, malformed (a folder, a device).
[[nodiscard]] base::Result<FileContent> read_file(const std::string& path, std::size_t bytes_max);

}  // namespace leumund::action
