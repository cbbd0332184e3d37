// All zones that are served, and the answer to a query from them.
//
// Flow:    UDP or TCP worker -> answer() -> DnsAnswerWriter.
// Time:    passed in for TTLs; what has expired was left out when the set was made.
// Limits:  32 values of one dataset in an answer. No allocation in answer().
// Threads: not changed once it is built, so any number of threads read it; a change is a new set
//          that shares the datasets (base::Published).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/ip_address.h"
#include "listing/dataset.h"
#include "wire/dns_message.h"

namespace leumund::listing {

// What a zone is made of; null: could not be loaded, the zone is not served.
using DatasetPointer = std::shared_ptr<const LoadedDataset>;

struct ZonePlan {
  wire::DnsName name;
  std::vector<DatasetPointer> datasets;
  DatasetPointer access;  // may be null: everybody may ask
  bool has_access = false;
};

struct ZoneSetOptions {
  bool minimal = false;  // no NS records beside answers (rbldnsd's -a)
};

struct ZoneAnswer {
  wire::DnsCode code = wire::DnsCode::refused;
  bool drop = false;  // an access rule says: no answer at all
  bool authoritative = false;
  bool listed = false;     // the name or address is on the list
  std::int32_t zone = -1;  // number of the zone; -1 none of ours
  // The address that was asked about, where the name is one: evidence of its traffic.
  bool asked_4 = false;
  bool asked_6 = false;
  std::uint32_t address_4 = 0;
  Key6 address_6;
};

class ZoneSet {
 public:
  ZoneSet(std::vector<ZonePlan> zones, DatasetPointer global_access, ZoneSetOptions options);

  // Writes the records; the caller writes the header with the code given. `now`, in Unix seconds,
  // bounds the TTL of what ends soon; 0: not known.
  [[nodiscard]] ZoneAnswer answer(const wire::DnsQuery& query, const base::IpAddress& client,
                                  wire::DnsAnswerWriter& writer, std::int64_t now = 0) const;

  [[nodiscard]] std::size_t size() const { return zones_.size(); }
  [[nodiscard]] const wire::DnsName& name(std::size_t zone) const { return zones_[zone].plan.name; }
  [[nodiscard]] bool served(std::size_t zone) const { return zones_[zone].served; }
  [[nodiscard]] const ZonePlan& plan(std::size_t zone) const { return zones_[zone].plan; }

 private:
  struct Zone {
    ZonePlan plan;
    bool served = false;
    bool ip4 = false;  // a dataset takes IPv4 addresses
    std::optional<wire::DnsRecordBlock> soa = {};
    std::optional<wire::DnsRecordBlock> soa_negative = {};  // with the time that a "no" may be kept
    std::optional<wire::DnsRecordBlock> servers = {};

    // SOA or NS for a question about the zone itself; false where it has none, which is refused: a
    // "no data" would be wrong.
    [[nodiscard]] bool add_own(std::uint16_t type, wire::DnsAnswerWriter& writer) const;
  };

  [[nodiscard]] std::int32_t find_zone(const wire::DnsQuery& query) const;
  void prepare(Zone& zone) const;

  std::vector<Zone> zones_;
  std::vector<std::size_t> by_length_;  // numbers, longest name first
  DatasetPointer global_access_;
  ZoneSetOptions options_;
};

}  // namespace leumund::listing
