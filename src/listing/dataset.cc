#include "listing/dataset.h"

#include <algorithm>

namespace leumund::listing {

using wire::ZoneFormat;

std::size_t Dataset::entries() const {
  std::size_t count =
      networks4.size() + networks6.size() + names.itself.size() + names.below.size();
  for (const auto& [name, rows] : records) count += rows.size();
  for (const Dataset& part : parts) count += part.entries();
  return count;
}

std::size_t Dataset::repeated() const {
  // A set takes an entry twice without a word; a trie can keep one value only.
  std::size_t count =
      format == ZoneFormat::ip4trie || format == ZoneFormat::acl ? networks4.repeated() : 0;
  if (format == ZoneFormat::ip6trie || format == ZoneFormat::acl) count += networks6.repeated();
  for (const Dataset& part : parts) count += part.repeated();
  return count;
}

std::size_t Dataset::table_bytes() const {
  std::size_t bytes = networks4.memory_bytes() + networks6.memory_bytes() +
                      names.itself.memory_bytes() + names.below.memory_bytes();
  for (const auto& [name, rows] : records) {
    bytes += name.size() + rows.size() * sizeof(wire::ZoneRecord);
  }
  for (const Dataset& part : parts) bytes += part.table_bytes();
  return bytes;
}

bool Dataset::asks_for_ip4() const {
  return format == ZoneFormat::ip4set || format == ZoneFormat::ip4trie ||
         format == ZoneFormat::ip4tset;
}

std::size_t LoadedDataset::memory_bytes() const {
  return data.table_bytes() + (data.values ? data.values->memory_bytes() : 0);
}

DatasetBuilder::DatasetBuilder(ZoneFormat format) {
  whole_.format = format;
  open(format);
}

void DatasetBuilder::open(ZoneFormat format) {
  part_ = {};
  part_.format = format;
  const bool set = format == ZoneFormat::ip4set || format == ZoneFormat::ip4tset;
  networks4_ = std::make_unique<PrefixTable4Builder>(set ? PrefixTable4Builder::Kind::set
                                                         : PrefixTable4Builder::Kind::trie);
  networks6_ = std::make_unique<PrefixTable6Builder>();
}

void DatasetBuilder::add_range4(const wire::ZoneRange4& range, std::uint32_t value) {
  if (part_.format == ZoneFormat::ip4set) {
    networks4_->add_range(range.first, range.last, value);
  } else {
    networks4_->add_prefix(range.first, range.bits, value);
  }
}

void DatasetBuilder::add_prefix6(const wire::ZonePrefix6& prefix, std::uint32_t value) {
  networks6_->add(Key6::of(prefix.address), prefix.bits, value);
}

void DatasetBuilder::add_name(const wire::DnsName& name, bool itself, bool below,
                              std::uint32_t value) {
  if (itself && !itself_.add(name.relative_bytes(), value)) full_ = true;
  if (below && !below_.add(name.relative_bytes(), value)) full_ = true;
  // A name that has only listed names below exists, too.
  if (below && !itself && !itself_.add(name.relative_bytes(), wire::zone_pass)) full_ = true;
}

void DatasetBuilder::add_record(wire::ZoneRecord record) {
  std::string name(record.name.relative_bytes());
  for (std::string parent = name; !parent.empty();) {
    parent.erase(0, static_cast<unsigned char>(parent[0]) + 1U);
    if (!parent.empty()) part_.records.try_emplace(parent);
  }
  part_.records[std::move(name)].push_back(std::move(record));
}

void DatasetBuilder::begin_part(ZoneFormat format, std::vector<wire::DnsName> subzones) {
  open(format);
  part_subzones_ = std::move(subzones);
}

void DatasetBuilder::end_part(const wire::ZoneScope& scope) {
  part_.scope = scope;
  part_.networks4 = networks4_->build();
  part_.networks6 = networks6_->build();
  if (part_.format == ZoneFormat::dnset) {
    itself_.add_parents();
    part_.names.itself = itself_.build();
    part_.names.below = below_.build();
  }
  if (whole_.format != ZoneFormat::combined) {
    whole_ = std::move(part_);
    return;
  }
  for (const wire::DnsName& name : part_subzones_) {
    auto found = std::find_if(whole_.subzones.begin(), whole_.subzones.end(),
                              [&](const Dataset::Subzone& one) { return one.name == name; });
    if (found == whole_.subzones.end()) found = whole_.subzones.insert(found, {name, {}});
    found->parts.push_back(whole_.parts.size());
  }
  whole_.parts.push_back(std::move(part_));
}

base::Result<Dataset> DatasetBuilder::build(std::shared_ptr<const wire::ZoneValues> values) {
  if (full_) {
    return base::Error{base::ErrorCode::exhausted, "the names of a dataset take more than 2 GiB"};
  }
  for (Dataset& part : whole_.parts) part.values = values;
  whole_.values = std::move(values);
  std::stable_sort(whole_.subzones.begin(), whole_.subzones.end(),
                   [](const Dataset::Subzone& a, const Dataset::Subzone& b) {
                     return a.name.labels() > b.name.labels();
                   });
  return std::move(whole_);
}

}  // namespace leumund::listing
