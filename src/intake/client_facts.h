// Looks up what is known about a client address: network, country and place, from the operator's
// MaxMind-format files. Without files everything stays unknown and the detectors use /16 and /48.
//
// Limits:  none of its own; a lookup walks at most 128 nodes of a mapped file, about a microsecond.
// Threads: any; nothing changes after open().
// Errors:  open() names the file and why it cannot be read. A record that lacks a field leaves that
//          field unknown.
#pragma once

#include <memory>
#include <string>

#include "base/ip_address.h"
#include "base/result.h"
#include "model/mail_event.h"

namespace leumund::intake {

class ClientFactsSource {
 public:
  struct Files {
    std::string country;    // GeoLite2-Country, -City or alike; "" is none
    std::string as_number;  // GeoLite2-ASN or alike; "" is none
  };

  [[nodiscard]] static base::Result<std::unique_ptr<ClientFactsSource>> open(const Files& files);
  ~ClientFactsSource();

  [[nodiscard]] model::ClientFacts look_up(const base::IpAddress& address) const;
  [[nodiscard]] bool empty() const;

 private:
  struct Database;
  ClientFactsSource();
  std::unique_ptr<Database> country_;
  std::unique_ptr<Database> as_number_;
};

}  // namespace leumund::intake
