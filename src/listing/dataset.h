// One dataset of a list, ready to be asked: what a zone file says, in tables.
//
// Flow:    file text -> wire::ZoneReader -> DatasetBuilder -> Dataset -> ZoneSet::answer.
// Limits:  those of the tables. Threads: a plain value, not changed once it is built.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "listing/name_table.h"
#include "listing/prefix_table4.h"
#include "listing/prefix_table6.h"
#include "wire/zone_file.h"

namespace leumund::listing {

// Records of a generic dataset by their name relative to the zone; without records: a name that
// only has names below.
using RecordTable = std::map<std::string, std::vector<wire::ZoneRecord>, std::less<>>;

struct Dataset {
  static constexpr std::uint32_t never_ends = 0xffff'0000;

  // A subzone of a combined dataset and the parts that it consists of.
  struct Subzone {
    wire::DnsName name;
    std::vector<std::size_t> parts;
  };

  wire::ZoneFormat format = wire::ZoneFormat::ip4set;
  wire::ZoneScope scope;
  std::shared_ptr<const wire::ZoneValues> values;
  PrefixTable4 networks4;
  PrefixTable6 networks6;
  // Of a list that changes while it is served: what `networks4` and `networks6` change.
  std::shared_ptr<const PrefixTable4> under_4;
  std::shared_ptr<const PrefixTable6> under_6;
  // Of such a list: when listings that end soon do, in Unix seconds; null: none does.
  std::shared_ptr<const PrefixTable4> ends_4;
  std::shared_ptr<const PrefixTable6> ends_6;
  NameTable names;
  // Likewise, what `names.itself` changes: a name that is excluded there is gone. In both a name's
  // value is when its listing ends, and what is answered is scope.single_value; `below` is empty.
  std::shared_ptr<const NameIndex> under_names;
  bool lists_below = false;  // a name of two labels and more stands for all below it
  RecordTable records;
  std::vector<Dataset> parts;     // of combined
  std::vector<Subzone> subzones;  // longest name first

  [[nodiscard]] std::size_t entries() const;
  [[nodiscard]] std::size_t repeated() const;
  // Without the values, which parts share.
  [[nodiscard]] std::size_t table_bytes() const;
  [[nodiscard]] bool asks_for_ip4() const;
};

// A dataset and what its files say of the zones that use it.
struct LoadedDataset {
  Dataset data;
  wire::ZoneHead head;
  std::int64_t changed_at = 0;  // Unix seconds; the serial of a SOA that has none

  [[nodiscard]] std::size_t memory_bytes() const;
};

class DatasetBuilder final : public wire::ZoneSink {
 public:
  explicit DatasetBuilder(wire::ZoneFormat format);

  void add_range4(const wire::ZoneRange4& range, std::uint32_t value) override;
  void add_prefix6(const wire::ZonePrefix6& prefix, std::uint32_t value) override;
  void add_name(const wire::DnsName& name, bool itself, bool below, std::uint32_t value) override;
  void add_record(wire::ZoneRecord record) override;
  void begin_part(wire::ZoneFormat format, std::vector<wire::DnsName> subzones) override;
  void end_part(const wire::ZoneScope& scope) override;

  // Behind ZoneReader::finish(). An Error when names take more than their pool.
  [[nodiscard]] base::Result<Dataset> build(std::shared_ptr<const wire::ZoneValues> values);

 private:
  void open(wire::ZoneFormat format);

  Dataset whole_;
  std::unique_ptr<PrefixTable4Builder> networks4_;
  std::unique_ptr<PrefixTable6Builder> networks6_;
  NameIndexBuilder itself_;
  NameIndexBuilder below_;
  Dataset part_;  // that is being filled
  std::vector<wire::DnsName> part_subzones_;
  bool full_ = false;
};

}  // namespace leumund::listing
