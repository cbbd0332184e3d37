// The log of queries and the file of counts of `leumundd dnsbl`, in rbldnsd's formats.
//
// Threads: the log is written by all DNS threads, the counts by the main thread.
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "base/guarded.h"
#include "base/result.h"
#include "face/dns_responder.h"
#include "listing/zone_set.h"

namespace leumund::apps {

class QueryLog {
 public:
  QueryLog(std::string file, bool flush) : file_(std::move(file)), flush_(flush) {}

  // Also after the file was renamed (SIGHUP). "-" is standard output, which stays.
  [[nodiscard]] base::Status open();
  void write(std::int64_t now, const std::string& line);
  void flush();

 private:
  struct Close {
    void operator()(std::FILE* file) const {
      if (file != stdout) std::fclose(file);
    }
  };
  using Open = std::unique_ptr<std::FILE, Close>;
  const std::string file_;
  const bool flush_;
  base::Guarded<Open> open_;
};

class CountsFile {
 public:
  CountsFile(std::string file, bool delta) : file_(std::move(file)), delta_(delta) {}

  // "time zone:queries:listed:nxdomain:in:out ... *:...".
  void write(std::int64_t now, const listing::ZoneSet& zones,
             const std::vector<face::DnsCounts>& counts);
  // A bare time: counts begin from zero here.
  void mark(std::int64_t now);

 private:
  void append(const std::string& line) const;
  const std::string file_;
  const bool delta_;
  std::vector<face::DnsCounts> last_;
};

// One line of counts, as written above, without the time.
[[nodiscard]] std::string counts_line(const listing::ZoneSet& zones,
                                      const std::vector<face::DnsCounts>& counts);

}  // namespace leumund::apps
