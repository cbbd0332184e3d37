// Reads zone files in rbldnsd's formats, line by line, and hands every entry to a sink.
//
// Flow:    file text -> ZoneReader -> ZoneSink (tables of the room listing, or a checker).
// Time:    `now` is given, for $TIMESTAMP.
// Limits:  lines of 32 KiB (longer ones are cut, with a warning); the first hundred warnings are
//          kept, all are counted.
// Threads: pure.
// Errors:  a line that is wrong is a warning and is left out, as rbldnsd does; an Error ends the
//          reading: data from the future, an entry before any $DATASET, no memory for values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "wire/dns_name.h"
#include "wire/zone_address.h"
#include "wire/zone_values.h"

namespace leumund::wire {

enum class ZoneFormat : std::uint8_t {
  ip4set,
  ip4trie,
  ip4tset,
  ip6trie,
  ip6tset,
  dnset,
  generic,
  combined,
  acl,
};

[[nodiscard]] std::optional<ZoneFormat> zone_format_of(std::string_view name);
[[nodiscard]] std::string_view zone_format_name(ZoneFormat format);

struct ZoneSoa {
  std::uint32_t ttl = 0;
  DnsName primary;
  DnsName person;
  std::uint32_t serial = 0;  // 0: when the file was changed
  std::uint32_t refresh = 0;
  std::uint32_t retry = 0;
  std::uint32_t expire = 0;
  std::uint32_t minimum = 0;

  bool operator==(const ZoneSoa&) const = default;
};

struct ZoneServers {
  std::uint32_t ttl = 0;
  std::vector<DnsName> names;

  bool operator==(const ZoneServers&) const = default;
};

// What a file says of the zones that use it.
struct ZoneHead {
  std::optional<ZoneSoa> soa;
  std::optional<ZoneServers> servers;
  std::optional<std::int64_t> expires_at;  // Unix seconds
};

// What holds for all entries of one dataset.
struct ZoneScope {
  std::uint32_t ttl = 2100;
  ZoneTemplates templates;
  std::uint32_t single_value = 0;  // of ip4tset and ip6tset: the value of every entry
};

struct ZoneRecord {
  DnsName name;
  std::uint16_t type = 0;
  std::uint32_t ttl = 0;
  std::string data;

  bool operator==(const ZoneRecord&) const = default;
};

// Takes the entries. `value` is a number of the reader's ZoneValues, or zone_excluded, or in an acl
// one of the actions.
class ZoneSink {
 public:
  virtual ~ZoneSink() = default;
  virtual void add_range4(const ZoneRange4& range, std::uint32_t value) = 0;
  virtual void add_prefix6(const ZonePrefix6& prefix, std::uint32_t value) = 0;
  virtual void add_name(const DnsName& name, bool itself, bool below, std::uint32_t value) = 0;
  virtual void add_record(ZoneRecord record) = 0;
  // A dataset of a combined file begins; what was added before belongs to the one before.
  virtual void begin_part(ZoneFormat format, std::vector<DnsName> subzones) = 0;
  // The dataset, or the part that begin_part() began, is complete.
  virtual void end_part(const ZoneScope& scope) = 0;
};

struct ZoneReadOptions {
  std::uint32_t ttl = 2100;   // where a file says none
  std::uint32_t ttl_min = 0;  // 0: no bound
  std::uint32_t ttl_max = 0;
  bool host_bits = false;  // takes 127.2.3.4/24 as 127.2.3.0/24
  std::int64_t now = 0;    // Unix seconds
};

struct ZoneWarning {
  std::string file;
  std::size_t line = 0;
  std::string text;

  [[nodiscard]] std::string to_text() const;
};

class ZoneReader {
 public:
  static constexpr std::size_t line_bytes_max = 32 * 1024;
  static constexpr std::size_t warnings_kept = 100;

  ZoneReader(ZoneFormat format, const ZoneReadOptions& options, ZoneValues& values, ZoneSink& sink);

  // Default values hold to the end of their file.
  void begin_file(std::string name);
  // The next bytes of the file; lines may be split anywhere.
  [[nodiscard]] base::Status read(std::string_view text);
  [[nodiscard]] base::Status end_file();
  // Behind the last file.
  void finish();

  [[nodiscard]] const ZoneHead& head() const { return head_; }
  [[nodiscard]] const std::vector<ZoneWarning>& warnings() const { return warnings_; }
  [[nodiscard]] std::size_t warning_count() const { return warning_count_; }

 private:
  using Words = std::string_view&;
  [[nodiscard]] base::Status read_line(std::string_view line);
  [[nodiscard]] base::Status entry(std::string_view line);
  void set_default(std::string_view line);
  void entry_range4(std::string_view line);
  void entry_address4(std::string_view line);
  void entry_prefix6(std::string_view line);
  void entry_half6(std::string_view line);
  void entry_name(std::string_view line);
  void entry_record(std::string_view line);
  void entry_access(std::string_view line);
  bool record_data(std::string_view type, std::string_view rest, ZoneRecord& record);
  bool accept_range4(ZoneRange4& range);

  [[nodiscard]] base::Status special(std::string_view line);
  bool special_soa(std::string_view words);
  bool special_servers(std::string_view words);
  bool special_ttl(std::string_view words);
  bool special_range(std::string_view words);
  bool special_variable(std::string_view line);
  [[nodiscard]] base::Result<bool> special_timestamp(std::string_view words);
  [[nodiscard]] base::Result<bool> special_dataset(std::string_view words);

  // The value of `text` (not empty, no comment), or of nothing at all for the scope's default.
  std::optional<std::uint32_t> value_of(std::string_view text, const ZoneValue& default_value);
  std::optional<std::uint32_t> value_or_default(std::string_view rest);
  std::optional<std::uint32_t> access_value(std::string_view text);
  std::optional<std::uint32_t> read_ttl(Words words, std::uint32_t standard) const;
  std::uint32_t intern(const ZoneValue& value);
  [[nodiscard]] ZoneValue default_value() const;
  void set_default_value(const ZoneValue& value);
  [[nodiscard]] ZoneScope& scope() { return in_part_ ? part_scope_ : scope_; }
  void end_part();
  void warn(std::string text);

  const ZoneFormat format_;
  const ZoneReadOptions options_;
  ZoneValues& values_;
  ZoneSink& sink_;
  ZoneHead head_;
  ZoneScope scope_;
  ZoneScope part_scope_;
  ZoneFormat part_format_;  // of the part; without parts the format
  bool in_part_ = false;
  bool part_open_ = false;
  std::uint32_t default_address_ = 0;
  std::string default_text_;
  std::uint32_t default_number_ = 0;  // of the default value, once it was needed
  std::uint32_t default_access_ = zone_ignore;
  std::uint32_t range_max_ = 0;  // $MAXRANGE4; 0 none
  std::string file_;
  std::size_t line_ = 0;
  std::string partial_;
  bool skipping_ = false;  // the rest of a line that is too long
  bool out_of_values_ = false;
  std::vector<ZoneWarning> warnings_;
  std::size_t warning_count_ = 0;
};

// The pieces of a line, as rbldnsd takes them: blanks and tabs divide.
[[nodiscard]] std::string_view skip_blanks(std::string_view text);
[[nodiscard]] std::string_view take_word(std::string_view& text);
// "90", "2h", "1w": seconds; nothing for what is no time.
[[nodiscard]] std::optional<std::uint32_t> read_zone_time(std::string_view& text);

}  // namespace leumund::wire
