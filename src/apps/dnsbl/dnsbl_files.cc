#include "apps/dnsbl/dnsbl_files.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/log.h"
#include "net/descriptor.h"

namespace leumund::apps {

base::Status QueryLog::open() {
  return open_.with([this](Open& open) -> base::Status {
    if (open.get() == stdout && open != nullptr) {
      std::fflush(stdout);
      return {};
    }
    open = Open(file_ == "-" ? stdout : std::fopen(file_.c_str(), "ae"));
    if (open != nullptr) return {};
    return base::Error{base::ErrorCode::unavailable,
                       fmt::format("cannot open {}: {}", file_, std::strerror(errno))};
  });
}

void QueryLog::write(std::int64_t now, const std::string& line) {
  const std::string whole = fmt::format("{} {}\n", now, line);
  open_.with([&](const Open& open) {
    if (open == nullptr) return;
    std::fwrite(whole.data(), 1, whole.size(), open.get());
    if (flush_) std::fflush(open.get());
  });
}

void QueryLog::flush() {
  open_.with([](const Open& open) {
    if (open != nullptr) std::fflush(open.get());
  });
}

std::string counts_line(const listing::ZoneSet& zones, const std::vector<face::DnsCounts>& counts) {
  std::string line;
  face::DnsCounts all;
  const auto put = [&](const std::string& name, const face::DnsCounts& one) {
    line += fmt::format("{}{}:{}:{}:{}:{}:{}", line.empty() ? "" : " ", name, one.queries,
                        one.listed, one.not_found, one.bytes_in, one.bytes_out);
  };
  for (std::size_t i = 0; i < counts.size(); ++i) {
    all += counts[i];
    if (i < zones.size()) put(zones.name(i).to_text(), counts[i]);
  }
  put("*", all);
  return line;
}

void CountsFile::append(const std::string& line) const {
  const net::Descriptor fd(
      ::open(file_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0644));
  const std::string whole = line + "\n";
  if (!fd.open() ||
      ::write(fd.get(), whole.data(), whole.size()) != static_cast<ssize_t>(whole.size())) {
    base::log(base::LogLevel::error, "event=counts_not_written file={} error={}", file_,
              std::strerror(errno));
  }
}

void CountsFile::write(std::int64_t now, const listing::ZoneSet& zones,
                       const std::vector<face::DnsCounts>& counts) {
  std::vector<face::DnsCounts> shown = counts;
  if (delta_) {
    for (std::size_t i = 0; i < std::min(shown.size(), last_.size()); ++i) {
      shown[i] = shown[i].minus(last_[i]);
    }
  }
  last_ = counts;
  append(fmt::format("{} {}", now, counts_line(zones, shown)));
}

void CountsFile::mark(std::int64_t now) { append(fmt::format("{}", now)); }

}  // namespace leumund::apps
