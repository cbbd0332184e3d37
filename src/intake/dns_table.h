// Names and their records for tests of what is asked of the DNS: a table instead of servers. The
// same code meets real servers in tests/component/hygiene.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/ip_address.h"
#include "intake/spf_check.h"
#include "net/resolver.h"

namespace leumund::intake {

class DnsTable {
 public:
  void addresses(const std::string& name, const std::vector<std::string>& addresses) {
    for (const std::string& text : addresses) {
      const auto address = base::IpAddress::parse(text).value();
      auto& answer = at(name, address.is_v4() ? net::RecordType::a : net::RecordType::aaaa);
      answer.addresses.push_back(address);
    }
  }
  void texts(const std::string& name, const std::vector<std::string>& texts) {
    at(name, net::RecordType::txt).texts = texts;
  }
  void mails(const std::string& name, const std::vector<std::string>& hosts) {
    for (const std::string& host : hosts) {
      at(name, net::RecordType::mx).mails.emplace_back(10, host);
    }
  }
  void reverse(const std::string& address, const std::vector<std::string>& names) {
    at(net::reverse_name(base::IpAddress::parse(address).value()), net::RecordType::ptr).texts =
        names;
  }
  // Nobody answers for the name.
  void silence(const std::string& name) { silent_.insert(name); }

  [[nodiscard]] DnsLookUp look_up() {
    return [this](const net::DnsQuestion& question) {
      ++asked;
      net::DnsAnswer answer;
      answer.found = net::Found::no;
      if (silent_.contains(question.name)) {
        answer.found = net::Found::unknown;
        answer.trouble = "no answer in time";
      } else if (const auto found = records_.find({question.name, question.type});
                 found != records_.end()) {
        answer = found->second;
      }
      return answer;
    };
  }

  unsigned asked = 0;

 private:
  net::DnsAnswer& at(const std::string& name, net::RecordType type) {
    net::DnsAnswer& answer = records_[{name, type}];
    answer.found = net::Found::yes;
    return answer;
  }

  std::map<std::pair<std::string, net::RecordType>, net::DnsAnswer> records_;
  std::set<std::string> silent_;
};

}  // namespace leumund::intake
