#include "listing/live_names.h"

#include <algorithm>

#include "base/check.h"
#include "wire/zone_values.h"

namespace leumund::listing {
namespace {

std::string_view parent_of(std::string_view name) {
  return name.substr(static_cast<unsigned char>(name[0]) + 1U);
}

void add(NameIndexBuilder& builder, std::string_view name, std::uint32_t row) {
  CHECK(builder.add(name, row));  // a list's names are far from 2 GiB
}

}  // namespace

NameIndex NameFolding::run() const {
  NameIndexBuilder builder;
  const auto changed = [this](std::string_view name) {
    const auto place = std::lower_bound(
        changes_.begin(), changes_.end(), name,
        [](const auto& change, std::string_view wanted) { return change.first < wanted; });
    return place != changes_.end() && place->first == name;
  };
  table_->each([&](const NameIndex::Entry& entry) {
    if (entry.count > 0 && !changed(entry.name)) add(builder, entry.name, entry.value(0));
  });
  for (const auto& [name, row] : changes_) {
    if (row != wire::zone_excluded && row != NameIndexBuilder::only_below) add(builder, name, row);
  }
  builder.add_parents();
  return builder.build();
}

LiveNames::LiveNames(wire::ZoneHead head, std::uint32_t ttl, ListChange::Value value, bool below)
    : head_(std::move(head)), below_(below), table_(std::make_shared<NameIndex>()) {
  scope_.ttl = ttl;
  auto values = std::make_shared<wire::ZoneValues>();
  scope_.single_value = values->intern({value.address, value.text});
  values->finish();
  values_ = std::move(values);
  put(wire::DnsName::parse("test")->relative_bytes(), std::nullopt);
  publish(0);
}

bool LiveNames::listed(std::string_view name) const {
  if (const auto change = delta_.find(std::string(name)); change != delta_.end()) {
    return change->second.end.has_value();
  }
  const auto entry = table_->find(name);
  return entry && entry->count > 0;
}

void LiveNames::set(std::string_view name, std::optional<std::uint32_t> end) {
  delta_.insert_or_assign(std::string(name), Change{end, ++changes_});
}

// A name that begins or ends to have listed names below it is a change as well.
void LiveNames::count_parents(std::string_view name, int step) {
  for (auto parent = parent_of(name); !parent.empty(); parent = parent_of(parent)) {
    const auto known = parents_.try_emplace(std::string(parent), 0).first;
    const bool had = known->second > 0;
    known->second = static_cast<std::uint32_t>(static_cast<int>(known->second) + step);
    const bool has = known->second > 0;
    if (!has) parents_.erase(known);
    if (had != has && !listed(parent)) set(parent, std::nullopt);
  }
}

void LiveNames::put(std::string_view name, std::optional<std::uint32_t> end) {
  const bool news = !listed(name);
  set(name, std::min(end.value_or(Dataset::never_ends), Dataset::never_ends));
  if (news) count_parents(name, 1);
}

void LiveNames::remove(std::string_view name) {
  if (!listed(name)) return;
  set(name, std::nullopt);
  count_parents(name, -1);
}

std::uint32_t LiveNames::row_of(const std::string& name, const Change& change) const {
  if (change.end) return *change.end;
  return parents_.contains(name) ? NameIndexBuilder::only_below : wire::zone_excluded;
}

void LiveNames::publish(std::int64_t changed_at) {
  if (delta_.size() > delta_most) fold();
  NameIndexBuilder builder;
  for (const auto& [name, change] : delta_) add(builder, name, row_of(name, change));
  auto made = std::make_shared<LoadedDataset>();
  made->head = head_;
  made->changed_at = changed_at;
  made->data.format = wire::ZoneFormat::dnset;
  made->data.scope = scope_;
  made->data.values = values_;
  made->data.names.itself = builder.build();
  made->data.under_names = table_;
  made->data.lists_below = below_;
  data_ = std::move(made);
}

NameFolding LiveNames::folding() const {
  NameFolding out;
  out.table_ = table_;
  out.last_ = changes_;
  out.changes_.reserve(delta_.size());
  for (const auto& [name, change] : delta_) out.changes_.emplace_back(name, row_of(name, change));
  std::sort(out.changes_.begin(), out.changes_.end());
  return out;
}

std::optional<NameFolding> LiveNames::folding_due() const {
  if (delta_.size() <= delta_max) return std::nullopt;
  return folding();
}

bool LiveNames::take(const NameFolding& folding, NameIndex made) {
  if (folding.table_ != table_) return false;
  table_ = std::make_shared<NameIndex>(std::move(made));
  std::erase_if(delta_, [&](const auto& one) { return one.second.number <= folding.last_; });
  return true;
}

void LiveNames::fold() {
  const NameFolding all = folding();
  CHECK(take(all, all.run()));
}

}  // namespace leumund::listing
