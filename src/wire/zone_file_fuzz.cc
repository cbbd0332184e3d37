// Any bytes as a zone file of any type: read without harm, whole or in pieces alike; and what is
// written of it reads back as the same.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "wire/zone_file.h"
#include "wire/zone_file_write.h"

namespace {

using namespace leumund::wire;  // NOLINT: one file, one subject

// Writes what it is given, with values in full.
class WritingSink final : public ZoneSink {
 public:
  WritingSink(const ZoneValues& values, bool with_value)
      : values_(values), with_value_(with_value), writer_(out) {}
  void add_range4(const ZoneRange4& range, std::uint32_t value) override {
    CHECK(range.first <= range.last);
    if (value >= zone_ignore) return;
    const ZoneValue full = value_of(value);
    writer_.range4(range, value == zone_excluded ? nullptr : &full, with_value_);
  }
  void add_prefix6(const ZonePrefix6& prefix, std::uint32_t value) override {
    CHECK(prefix.bits <= 128);
    if (value >= zone_ignore) return;
    if (!with_value_ && value != zone_excluded) {
      writer_.half6(prefix);
      return;
    }
    const ZoneValue full = value_of(value);
    writer_.prefix6(prefix, value == zone_excluded ? nullptr : &full, with_value_);
  }
  void add_name(const DnsName& name, bool itself, bool below, std::uint32_t value) override {
    CHECK(itself || below);
    const ZoneValue full = value_of(value);
    writer_.name(name, itself, below, value == zone_excluded ? nullptr : &full, with_value_);
  }
  void add_record(ZoneRecord record) override { writer_.record(record); }
  void begin_part(ZoneFormat, std::vector<DnsName>) override {}
  void end_part(const ZoneScope&) override {}

  std::string out;

 private:
  [[nodiscard]] ZoneValue value_of(std::uint32_t value) const {
    return value == zone_excluded || !with_value_ ? ZoneValue{} : values_.at(value);
  }
  const ZoneValues& values_;
  const bool with_value_;  // the formats of single values give none for each entry
  ZoneFileWriter writer_;
};

std::string rewritten(ZoneFormat format, std::string_view text, std::size_t piece) {
  ZoneValues values;
  WritingSink sink(values, format != ZoneFormat::ip4tset && format != ZoneFormat::ip6tset);
  ZoneReader reader(format, {.now = 1'800'000'000}, values, sink);
  reader.begin_file("f");
  for (std::size_t at = 0; at < text.size(); at += piece) {
    if (!reader.read(text.substr(at, piece)).ok()) return sink.out;
  }
  if (reader.end_file().ok()) reader.finish();
  return sink.out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto format = static_cast<ZoneFormat>(data[0] % 9);
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string once = rewritten(format, text, text.size() + 1);
  CHECK(once == rewritten(format, text, 1 + size % 7));
  if (format == ZoneFormat::combined || format == ZoneFormat::acl) return 0;
  CHECK(rewritten(format, once, once.size() + 1) == once);
  return 0;
}
