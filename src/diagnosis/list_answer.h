// What the answer of a DNS list means: listed, not listed, or nothing that may be believed.
//
// RFC 5782, and what lists have made of it since: an address outside 127.0.0.0/8 comes from a
// parked zone or a resolver that lies; 127.255.255.x and codes that the registry calls errors speak
// about the asker; a code nobody explained is shown and never a listing.
// Threads: pure.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip_address.h"
#include "diagnosis/dns_list.h"

namespace leumund::diagnosis {

enum class ListVerdict : std::uint8_t {
  not_listed,
  listed,
  unknown,  // no answer, or a code that is in no table: nothing is concluded from it
  fault,    // the list, or the way to it, is wrong: not to be believed in anything
};

struct ListAnswer {
  ListVerdict verdict = ListVerdict::unknown;
  std::vector<std::string> codes;  // "127.0.0.2", as answered
  std::string meaning;             // of codes that list: the registry's words
  bool policy = false;             // only codes of policy: no misconduct is said
  std::string trouble;             // of unknown and fault: why
};

// `answered` are the addresses of an answer that has some. An answer that says there is none is
// {verdict not_listed} and needs no reading; one that did not come is unknown.
[[nodiscard]] ListAnswer read_list_answer(const DnsList& list,
                                          std::span<const base::IpAddress> answered);

// The points by which RFC 5782 and the registry let a list be tested.
struct TestPoint {
  std::string name;  // what is asked, below the list's zone
  bool listed = false;
  std::string otherwise;  // asked if it is not listed: one of the two must be
};
// `random` makes the control, which nobody has reason to list, another one each time.
[[nodiscard]] std::vector<TestPoint> test_points(const DnsList& list, std::uint64_t random);
[[nodiscard]] TestPoint control_point(const DnsList& list, std::uint64_t random);

// The name under which an address or a domain is asked for below a zone.
[[nodiscard]] std::string list_question(std::string_view subject, std::string_view zone);

// "192.0.2.1" -> "1.2.0.192"; IPv6 by nibbles.
[[nodiscard]] std::string reversed_labels(const base::IpAddress& address);

}  // namespace leumund::diagnosis
