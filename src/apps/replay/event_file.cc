#include "apps/replay/event_file.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace leumund::apps {
namespace {

using base::Error;
using base::ErrorCode;
using base::Result;

constexpr std::size_t chunk_bytes = std::size_t{1} << 18;

}  // namespace

EventFile::EventFile(std::string path, int fd, std::size_t line_bytes_max)
    : path_(std::move(path)), fd_(fd), line_bytes_max_(line_bytes_max) {
  struct stat facts{};
  if (fstat(fd_, &facts) == 0 && S_ISREG(facts.st_mode)) {
    bytes_all_ = static_cast<std::uint64_t>(facts.st_size);
  }
}

EventFile::~EventFile() {
  if (fd_ > STDERR_FILENO) close(fd_);
}

Result<std::size_t> EventFile::read_raw(char* to, std::size_t size) {
  for (;;) {
    const ssize_t got = read(fd_, to, size);
    if (got >= 0) {
      bytes_read_ += static_cast<std::uint64_t>(got);
      return static_cast<std::size_t>(got);
    }
    if (errno != EINTR) {
      return Error{ErrorCode::unavailable,
                   fmt::format("{}: cannot be read: {}", path_, std::strerror(errno))};
    }
  }
}

Result<EventFile::Line> EventFile::next() {
  Line line;
  bool skipping = false;  // the rest of a line that was handed out cut already
  std::size_t searched = begin_;
  for (;;) {
    const std::size_t end = buffer_.find('\n', searched);
    if (end != std::string::npos && skipping) {
      begin_ = searched = end + 1;
      skipping = false;
      line.text = {};
      return line;
    }
    if (end != std::string::npos) {
      line.cut = end - begin_ > line_bytes_max_;
      if (!line.cut) line.text = std::string_view(buffer_).substr(begin_, end - begin_);
      line.number = ++line_;
      begin_ = end + 1;
      return line;
    }
    if (ended_) {
      line.end = begin_ == buffer_.size() && !skipping;
      if (!line.end && !skipping) {
        line.text = std::string_view(buffer_).substr(begin_);
        line.number = ++line_;
      }
      begin_ = buffer_.size();
      return line;
    }
    if (skipping || buffer_.size() - begin_ > line_bytes_max_) {
      if (!skipping) line.number = ++line_;
      line.cut = skipping = true;
      begin_ = buffer_.size();
    }
    buffer_.erase(0, begin_);
    begin_ = 0;
    const std::size_t kept = buffer_.size();
    searched = kept;
    buffer_.resize(kept + chunk_bytes);
    auto got = fill(buffer_.data() + kept, chunk_bytes);
    if (!got) return got.error();
    buffer_.resize(kept + *got);
    ended_ = *got == 0;
  }
}

namespace {

class PlainFile final : public EventFile {
 public:
  using EventFile::EventFile;
  PlainFile(std::string path, int fd, std::size_t most) : EventFile(std::move(path), fd, most) {}

 protected:
  Result<std::size_t> fill(char* to, std::size_t size) override { return read_raw(to, size); }
};

// Keeps the packed bytes that its decoder has not taken yet.
class PackedFile : public EventFile {
 protected:
  PackedFile(std::string path, int fd, std::size_t most)
      : EventFile(std::move(path), fd, most), packed_(chunk_bytes, '\0') {}

  base::Status refill() {
    auto got = read_raw(packed_.data(), packed_.size());
    if (!got) return got.error();
    size_ = *got;
    taken_ = 0;
    return {};
  }
  [[nodiscard]] Error broken(std::string_view kind, std::string_view why) const {
    return Error{ErrorCode::malformed,
                 fmt::format("{}: not a valid {} file: {}", path_, kind, why)};
  }

  std::string packed_;
  std::size_t taken_ = 0;
  std::size_t size_ = 0;
};

class GzipFile final : public PackedFile {
 public:
  GzipFile(std::string path, int fd, std::size_t most) : PackedFile(std::move(path), fd, most) {
    constexpr int gzip_and_zlib = 32 + MAX_WBITS;
    ready_ = inflateInit2(&stream_, gzip_and_zlib) == Z_OK;
  }
  ~GzipFile() override {
    if (ready_) inflateEnd(&stream_);
  }

 protected:
  Result<std::size_t> fill(char* to, std::size_t size) override {
    if (!ready_) return Error{ErrorCode::exhausted, path_ + ": no memory for the gzip decoder"};
    for (;;) {
      if (taken_ == size_) {
        if (auto status = refill(); !status.ok()) return status.error();
        if (size_ == 0) return inside_ ? Result<std::size_t>(broken("gzip", "it is cut")) : 0;
      }
      stream_.next_in = reinterpret_cast<Bytef*>(packed_.data() + taken_);
      stream_.avail_in = static_cast<uInt>(size_ - taken_);
      stream_.next_out = reinterpret_cast<Bytef*>(to);
      stream_.avail_out = static_cast<uInt>(size);
      inside_ = true;
      const int state = inflate(&stream_, Z_NO_FLUSH);
      taken_ = size_ - stream_.avail_in;
      if (state == Z_STREAM_END) {
        inside_ = false;  // several members may follow each other
        inflateReset(&stream_);
      } else if (state != Z_OK && state != Z_BUF_ERROR) {
        return broken("gzip", stream_.msg != nullptr ? stream_.msg : "unknown error");
      }
      if (stream_.avail_out < size) return size - stream_.avail_out;
    }
  }

 private:
  z_stream stream_{};
  bool ready_ = false;
  bool inside_ = false;
};

class ZstdFile final : public PackedFile {
 public:
  ZstdFile(std::string path, int fd, std::size_t most)
      : PackedFile(std::move(path), fd, most), stream_(ZSTD_createDStream(), &ZSTD_freeDStream) {
    constexpr int window_log_max = 27;
    if (stream_) ZSTD_DCtx_setParameter(stream_.get(), ZSTD_d_windowLogMax, window_log_max);
  }

 protected:
  Result<std::size_t> fill(char* to, std::size_t size) override {
    if (!stream_) return Error{ErrorCode::exhausted, path_ + ": no memory for the zstd decoder"};
    for (;;) {
      if (taken_ == size_) {
        if (auto status = refill(); !status.ok()) return status.error();
        if (size_ == 0) return inside_ ? Result<std::size_t>(broken("zstd", "it is cut")) : 0;
      }
      ZSTD_inBuffer in{packed_.data(), size_, taken_};
      ZSTD_outBuffer out{to, size, 0};
      const std::size_t left = ZSTD_decompressStream(stream_.get(), &out, &in);
      if (ZSTD_isError(left) != 0) return broken("zstd", ZSTD_getErrorName(left));
      taken_ = in.pos;
      inside_ = left != 0;
      if (out.pos > 0) return out.pos;
    }
  }

 private:
  std::unique_ptr<ZSTD_DStream, decltype(&ZSTD_freeDStream)> stream_;
  bool inside_ = false;
};

}  // namespace

Result<std::unique_ptr<EventFile>> EventFile::open(const std::string& path,
                                                   std::size_t line_bytes_max) {
  int fd = STDIN_FILENO;
  if (path != "-") {
    fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
      return Error{ErrorCode::unavailable,
                   fmt::format("{}: cannot be opened: {}", path, std::strerror(errno))};
    }
    struct stat facts{};
    if (fstat(fd, &facts) == 0 && S_ISDIR(facts.st_mode)) {
      close(fd);
      return Error{ErrorCode::unavailable, path + ": is a directory"};
    }
  }
  std::unique_ptr<EventFile> file;
  if (path.ends_with(".gz")) {
    file = std::make_unique<GzipFile>(path, fd, line_bytes_max);
  } else if (path.ends_with(".zst")) {
    file = std::make_unique<ZstdFile>(path, fd, line_bytes_max);
  } else {
    file = std::make_unique<PlainFile>(path, fd, line_bytes_max);
  }
  return file;
}

}  // namespace leumund::apps
