#include "listing/live_list.h"

#include <algorithm>

#include "base/check.h"
#include "wire/zone_file_write.h"

namespace leumund::listing {
namespace {

bool is_test_point_of_nobody(const base::IpPrefix& what) {
  if (what.address.is_v4()) {
    return what.bits > 0 && wire::mask4(what.bits) != 0 &&
           (what.address.v4_bits() & wire::mask4(what.bits)) ==
               (0x7f000001U & wire::mask4(what.bits));
  }
  return what.address.is_loopback();
}

}  // namespace

LiveList::LiveList(wire::ZoneHead head, wire::ZoneScope scope, ListChange::Value test_value)
    : head_(std::move(head)),
      scope_(std::move(scope)),
      values_(std::make_shared<wire::ZoneValues>()) {
  now_.table_4_ = std::make_shared<PrefixTable4>();
  now_.table_6_ = std::make_shared<PrefixTable6>();
  now_.delta_4_[{32, 0x7f000002}] = {number_of(std::move(test_value)), ++now_.last_};
  publish(0);
}

std::uint32_t LiveList::number_of(const std::optional<ListChange::Value>& value) {
  if (!value) return removed_value;
  auto values = std::make_shared<wire::ZoneValues>(*values_);
  const std::size_t before = values->size();
  const std::uint32_t number = values->intern({value->address, value->text});
  if (values->size() != before) values_ = std::move(values);
  return number;
}

void LiveList::change(std::span<const ListChange> changes, std::int64_t changed_at) {
  for (const ListChange& one : changes) {
    if (is_test_point_of_nobody(one.what)) continue;
    if (one.what.address.is_v4()) {
      const unsigned bits = std::min(one.what.bits, 32U);
      const std::uint32_t network = one.what.address.v4_bits() & wire::mask4(bits);
      now_.delta_4_[{bits, network}] = {number_of(one.value), ++now_.last_};
    } else {
      const unsigned bits = std::min(one.what.bits, 128U);
      const Key6 network = Key6::of(one.what.address.bytes()).masked(bits);
      now_.delta_6_[{bits, network}] = {number_of(one.value), ++now_.last_};
    }
  }
  if (now_.delta_4_.size() + now_.delta_6_.size() > delta_most) fold();
  publish(changed_at);
}

void LiveList::set_endings(std::span<const ListEnding> endings) {
  PrefixTable4Builder builder_4(PrefixTable4Builder::Kind::trie);
  PrefixTable6Builder builder_6;
  bool four = false;
  bool six = false;
  for (const ListEnding& one : endings) {
    const auto at = static_cast<std::uint32_t>(std::clamp<std::int64_t>(one.at, 0, 0xffff'ffffLL));
    if (one.what.address.is_v4()) {
      const unsigned bits = std::min(one.what.bits, 32U);
      builder_4.add_prefix(one.what.address.v4_bits() & wire::mask4(bits), bits, at);
      four = true;
    } else {
      const unsigned bits = std::min(one.what.bits, 128U);
      builder_6.add(Key6::of(one.what.address.bytes()).masked(bits), bits, at);
      six = true;
    }
  }
  ends_4_ = four ? std::make_shared<PrefixTable4>(builder_4.build()) : nullptr;
  ends_6_ = six ? std::make_shared<PrefixTable6>(builder_6.build()) : nullptr;
}

ListFolding::Tables ListFolding::run() const {
  PrefixTable4Builder builder_4(PrefixTable4Builder::Kind::trie);
  each_network4(*table_4_, [&](std::uint32_t network, unsigned bits, std::uint32_t value) {
    if (!delta_4_.contains({bits, network})) builder_4.add_prefix(network, bits, value);
  });
  for (const auto& [place, change] : delta_4_) {
    if (change.value == removed_value) continue;
    builder_4.add_prefix(place.second, place.first, change.value);
  }
  PrefixTable6Builder builder_6;
  each_network6(*table_6_, [&](const Key6& network, unsigned bits, std::uint32_t value) {
    if (!delta_6_.contains({bits, network})) builder_6.add(network, bits, value);
  });
  for (const auto& [place, change] : delta_6_) {
    if (change.value != removed_value) builder_6.add(place.second, place.first, change.value);
  }
  return {builder_4.build(), builder_6.build()};
}

std::optional<ListFolding> LiveList::folding_due() const {
  if (now_.delta_4_.size() + now_.delta_6_.size() <= delta_max) return std::nullopt;
  return now_;
}

bool LiveList::take(const ListFolding& folding, ListFolding::Tables made) {
  if (folding.table_4_ != now_.table_4_) return false;
  now_.table_4_ = std::make_shared<PrefixTable4>(std::move(made.first));
  now_.table_6_ = std::make_shared<PrefixTable6>(std::move(made.second));
  const auto done = [&](const auto& one) { return one.second.number <= folding.last_; };
  std::erase_if(now_.delta_4_, done);
  std::erase_if(now_.delta_6_, done);
  return true;
}

// In place: a copy of what changed would be a third of the work.
void LiveList::fold() { CHECK(take(now_, now_.run())); }

void LiveList::publish(std::int64_t changed_at) {
  const auto make = [&](wire::ZoneFormat format) {
    auto made = std::make_shared<LoadedDataset>();
    made->head = head_;
    made->changed_at = changed_at;
    made->data.format = format;
    made->data.scope = scope_;
    made->data.values = values_;
    return made;
  };
  auto data_4 = make(wire::ZoneFormat::ip4trie);
  PrefixTable4Builder builder_4(PrefixTable4Builder::Kind::trie);
  for (const auto& [place, change] : now_.delta_4_) {
    builder_4.add_prefix(place.second, place.first, change.value);
  }
  data_4->data.networks4 = builder_4.build();
  data_4->data.under_4 = now_.table_4_;
  data_4->data.ends_4 = ends_4_;
  data_4_ = std::move(data_4);
  auto data_6 = make(wire::ZoneFormat::ip6trie);
  PrefixTable6Builder builder_6;
  for (const auto& [place, change] : now_.delta_6_) {
    builder_6.add(place.second, place.first, change.value);
  }
  data_6->data.networks6 = builder_6.build();
  data_6->data.under_6 = now_.table_6_;
  data_6->data.ends_6 = ends_6_;
  data_6_ = std::move(data_6);
}

std::size_t LiveList::size() const {
  std::size_t count = now_.table_4_->size() + now_.table_6_->size();
  for (const auto& [place, change] : now_.delta_4_) {
    const bool there = now_.table_4_->holds(place.second, place.first);
    if (there && change.value == removed_value) --count;
    if (!there && change.value != removed_value) ++count;
  }
  for (const auto& [place, change] : now_.delta_6_) {
    const bool there = now_.table_6_->holds(place.second, place.first);
    if (there && change.value == removed_value) --count;
    if (!there && change.value != removed_value) ++count;
  }
  return count;
}

std::string LiveList::export_head() const {
  std::string out;
  wire::ZoneFileWriter writer(out);
  writer.head(head_);
  writer.scope(scope_);
  return out;
}

std::string LiveList::export_4() const {
  std::string out = export_head();
  wire::ZoneFileWriter writer(out);
  const auto put = [&](std::uint32_t network, unsigned bits, std::uint32_t number) {
    const wire::ZoneValue value = values_->at(number);
    writer.range4({network, network | ~wire::mask4(bits), bits}, &value, true);
  };
  each_network4(*now_.table_4_, [&](std::uint32_t network, unsigned bits, std::uint32_t value) {
    if (!now_.delta_4_.contains({bits, network})) put(network, bits, value);
  });
  for (const auto& [place, change] : now_.delta_4_) {
    if (change.value != removed_value) put(place.second, place.first, change.value);
  }
  return out;
}

std::string LiveList::export_6() const {
  std::string out = export_head();
  wire::ZoneFileWriter writer(out);
  const auto put = [&](const Key6& network, unsigned bits, std::uint32_t number) {
    const wire::ZoneValue value = values_->at(number);
    writer.prefix6({network.bytes(), bits}, &value, true);
  };
  each_network6(*now_.table_6_, [&](const Key6& network, unsigned bits, std::uint32_t value) {
    if (!now_.delta_6_.contains({bits, network})) put(network, bits, value);
  });
  for (const auto& [place, change] : now_.delta_6_) {
    if (change.value != removed_value) put(place.second, place.first, change.value);
  }
  return out;
}

}  // namespace leumund::listing
