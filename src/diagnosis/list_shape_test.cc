#include "diagnosis/list_shape.h"

#include <gtest/gtest.h>

namespace leumund::diagnosis {
namespace {

TEST(ListShape, ZonesAreKnownByTheirNames) {
  for (const char* zone : {"bl.example.net", "dnsbl.example.org", "rbl2.example.com",
                           "ip.blacklist.example", "example-bl.test.org", "myrbl.example"}) {
    EXPECT_EQ(list_shape(zone), ListShape::of_addresses) << zone;
  }
  for (const char* zone : {"dbl.example.net", "multi.uribl.example", "rhsbl.example.org"}) {
    EXPECT_EQ(list_shape(zone), ListShape::of_domains) << zone;
  }
}

TEST(ListShape, MailServersAreNoLists) {
  for (const char* host : {"mx.example.net", "mail.marble.org", "antispam.example.com", "bl",
                           "spamfilter2.example.org", "blue.example.net", "mx-in.rbl", ""}) {
    EXPECT_EQ(list_shape(host), ListShape::none) << host;
  }
}

TEST(ListShape, WordsLeadToAList) {
  for (const char* words : {"192.0.2.1 is listed at ", "in a black list at ", "dnsbl: ",
                            "found on a block list (", "gelistet bei ", "by blackhole site ",
                            "est listee par ", "rejected by rbl \"", "lista negra "}) {
    EXPECT_TRUE(leads_to_list(words)) << words;
  }
  for (const char* words : {"", " ", "rejected by ", "not a member of the mailing list ",
                            "user not found in ", "message from ", "list ", "see our web site "}) {
    EXPECT_FALSE(leads_to_list(words)) << words;
  }
}

TEST(ListShape, PagesToLookAnAddressUp) {
  EXPECT_TRUE(is_lookup_page("http://www.example.org/query/bl?ip=192.0.2.1", "www.example.org"));
  EXPECT_TRUE(is_lookup_page("https://ipcheck.example.com/?ip=192.0.2.1", "ipcheck.example.com"));
  EXPECT_TRUE(is_lookup_page("http://rbl.example.net/", "rbl.example.net"));
  EXPECT_FALSE(is_lookup_page("http://postmaster.example.net/lookup?ip=192.0.2.1",
                              "postmaster.example.net"));
  EXPECT_FALSE(is_lookup_page("https://www.example.org/contact", "www.example.org"));
}

}  // namespace
}  // namespace leumund::diagnosis
