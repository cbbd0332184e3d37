// One query's way through the datasets of a zone.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/ip_address.h"
#include "listing/dataset.h"
#include "wire/dns_message.h"

namespace leumund::listing {

// What the labels in front of the zone's name say. Made once for a zone and once for a subzone.
struct AskedName {
  enum class Kind : std::uint8_t { name, address, network };  // network: labels are missing

  std::size_t labels = 0;
  std::string_view relative;  // wire form without the zone and the final zero
  Kind kind_4 = Kind::name;
  Kind kind_6 = Kind::name;
  std::uint32_t address_4 = 0;  // of a network: the labels that are there
  Key6 address_6;
  unsigned bits_4 = 0;
  unsigned bits_6 = 0;

  // `labels` are those in front of the zone. With `ip4_zone` an IPv6 address that holds an IPv4
  // address (6to4, mapped) stands for that.
  AskedName(const wire::DnsQuery& query, std::size_t labels, bool ip4_zone);
};

// What an access rule says of the client.
struct Access {
  enum class Order : std::uint8_t { pass, ignore, refuse, empty, always };
  Order order = Order::pass;
  const LoadedDataset* rules = nullptr;  // of `always`: whose value is answered
  std::uint32_t value = 0;
};

[[nodiscard]] Access access_of(const LoadedDataset* rules, const base::IpAddress& client);

// Which records are wanted.
struct Wanted {
  bool a = false;
  bool txt = false;
  bool mx = false;
};

class Lookup {
 public:
  // `now` in Unix seconds, for listings that end soon; 0: not known.
  Lookup(const wire::DnsQuery& query, Access access, Wanted wanted, std::int64_t now,
         wire::DnsAnswerWriter& writer)
      : query_(query), access_(access), wanted_(wanted), now_(now), writer_(writer) {}

  // True when the name exists in this dataset, with or without records of the type.
  bool ask(const Dataset& data, const AskedName& asked);

  [[nodiscard]] bool listed() const { return listed_; }
  // The access rule's own value is to be added.
  [[nodiscard]] bool always() const { return always_; }
  void add_value(const Dataset& data, std::uint32_t number, std::string_view listed);

 private:
  bool ask_networks4(const Dataset& data, const AskedName& asked);
  bool ask_networks6(const Dataset& data, const AskedName& asked);
  bool ask_names(const Dataset& data, const AskedName& asked);
  bool ask_live_names(const Dataset& data, const AskedName& asked);
  bool ask_records(const Dataset& data, const AskedName& asked);
  bool ask_parts(const Dataset& data, const AskedName& asked);
  // Whether the access rule answers instead of the data; sets `found`.
  bool overridden(bool& found);
  // What is left of a listing that ends at `end`, where that is less than the list's own TTL.
  // False: it is over.
  [[nodiscard]] bool shorten(std::optional<std::uint32_t> end);
  [[nodiscard]] bool add_names(const Dataset& data, const NameIndex::Entry& entry);
  [[nodiscard]] bool add_live_name(const Dataset& data, const NameIndex::Entry& entry);

  const wire::DnsQuery& query_;
  const Access access_;
  const Wanted wanted_;
  const std::int64_t now_;
  wire::DnsAnswerWriter& writer_;
  bool listed_ = false;
  bool always_ = false;
  std::uint32_t ttl_most_ = ~std::uint32_t{0};  // of the listing that is being written
};

}  // namespace leumund::listing
