// The zone files of a list server: which zones are made of which files, loaded and loaded again
// when a file changes, while the server goes on answering from what it has.
//
// Flow:    files -> ZoneReader -> DatasetBuilder -> a new ZoneSet for DnsListServer::publish.
// Time:    `now` is given, for $TIMESTAMP and expiry.
// Limits:  plain or gzip files of any size; lines of 32 KiB; each dataset's first hundred warnings.
// Threads: one at a time.
// Errors:  a file that cannot be read, changes while it is read, or says that it comes from the
//          future leaves the dataset as it was (and the zone unserved, if it never was loaded).
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "listing/zone_set.h"
#include "wire/zone_file.h"

namespace leumund::face {

struct ZoneStoreOptions {
  wire::ZoneReadOptions read = {};  // `now` is set for each refresh
  bool gzip = true;
  listing::ZoneSetOptions set = {};
};

class ListZoneStore {
 public:
  // What one refresh did, for the log.
  struct Report {
    struct Loaded {
      std::string spec;  // "ip4set:bl.txt"
      std::size_t entries = 0;
      std::size_t memory_bytes = 0;
      std::size_t warnings = 0;
      double seconds = 0;
    };
    std::vector<Loaded> loaded;
    std::vector<std::string> warnings;  // of the loaded, as kept
    std::vector<std::string> errors;    // datasets that stay as they were
    std::vector<std::string> expired;   // datasets whose time is over
    [[nodiscard]] bool changed() const { return !loaded.empty() || !expired.empty(); }
  };

  explicit ListZoneStore(ZoneStoreOptions options) : options_(std::move(options)) {}

  // "zone:type:file,file"; with no zone and type acl the rules hold for all zones. An
  // Error (malformed) names what is wrong with it.
  [[nodiscard]] base::Status add(const std::string& spec);
  [[nodiscard]] std::size_t zones() const { return zones_.size(); }

  // Loads what is new or has changed since the last time.
  [[nodiscard]] Report refresh(std::int64_t now);
  [[nodiscard]] std::shared_ptr<const listing::ZoneSet> zone_set() const;

 private:
  struct File {
    std::string name;
    timespec changed{};
    off_t size = -1;
    ino_t inode = 0;
  };
  struct Source {
    wire::ZoneFormat format = wire::ZoneFormat::ip4set;
    std::string spec;
    std::vector<File> files;
    listing::DatasetPointer data;
    bool expired = false;
  };
  struct Zone {
    wire::DnsName name;
    std::vector<std::size_t> sources;
    std::size_t access = no_source;
  };
  static constexpr std::size_t no_source = ~std::size_t{0};

  [[nodiscard]] base::Result<std::size_t> source_of(const std::string& spec);
  [[nodiscard]] static bool changed(const Source& source);
  [[nodiscard]] base::Status load(Source& source, std::int64_t now, Report& report);
  [[nodiscard]] base::Status read_file(File& file, wire::ZoneReader& reader) const;
  [[nodiscard]] listing::DatasetPointer served(std::size_t source) const;

  ZoneStoreOptions options_;
  std::vector<Source> sources_;
  std::vector<Zone> zones_;
  std::size_t global_access_ = no_source;
};

}  // namespace leumund::face
