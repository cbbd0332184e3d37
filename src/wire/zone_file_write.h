// Writes zone files in rbldnsd's formats, so that mirrors with rbldnsd can carry our list.
//
// What is written reads back as the same entries. Threads: a plain value.
#pragma once

#include <cstdint>
#include <string>

#include "wire/zone_file.h"

namespace leumund::wire {

class ZoneFileWriter {
 public:
  explicit ZoneFileWriter(std::string& out) : out_(out) {}

  void head(const ZoneHead& head);
  void scope(const ZoneScope& scope);
  // The value of the entries behind it that say none.
  void default_value(const ZoneValue& value);

  // `value` null: an exclusion. Without `with_value` the default holds.
  void range4(const ZoneRange4& range, const ZoneValue* value, bool with_value);
  void prefix6(const ZonePrefix6& prefix, const ZoneValue* value, bool with_value);
  // A network of 64 bits as ip6tset has it: its four groups.
  void half6(const ZonePrefix6& prefix);
  void name(const DnsName& name, bool itself, bool below, const ZoneValue* value, bool with_value);
  void record(const ZoneRecord& record);

 private:
  void value_and_end(const ZoneValue* value, bool with_value);

  std::string& out_;
};

}  // namespace leumund::wire
