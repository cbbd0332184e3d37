#include "storage/listing_codec.h"

#include <gtest/gtest.h>

#include "storage/decision_codec.h"

namespace leumund::storage {
namespace {

model::Listing listing() {
  model::Listing out;
  out.place = "192.0.2.0/24";
  out.list = "psbl";
  out.list_name = "PSBL";
  out.scope = "address";
  out.mender = "us";
  out.codes = {"127.0.0.2"};
  out.meaning = "trap";
  out.reason = "Listed in PSBL, see \"http\"";
  out.since = base::TimePoint(std::chrono::seconds(1'795'284'000));
  out.last_seen = out.since + std::chrono::hours(1);
  out.addresses = 3;
  out.examples = {"192.0.2.4", "192.0.2.9"};
  out.sends = false;
  out.proof = "counter 0";
  out.predatory = true;
  return out;
}

TEST(ListingCodec, WhatIsWrittenIsReadAgain) {
  model::Listing one = listing();
  EXPECT_EQ(*decode_listing(encode_listing(one)), one);
  one.until = one.last_seen;
  EXPECT_EQ(*decode_listing(encode_listing(one)), one);
  const model::ListFault fault{"psbl", "PSBL", "lists the world", one.since, one.until};
  EXPECT_EQ(*decode_list_fault(encode_list_fault(fault)), fault);
}

TEST(ListingCodec, ADecisionCarriesThem) {
  model::Decision decision;
  decision.number = 9;
  decision.kind = model::DecisionKind::listed;
  decision.subject = {model::SubjectKind::network, "192.0.2.0/24"};
  decision.restriction.subject = decision.subject;
  decision.listing = listing();
  const auto read = decode_decision(encode_decision(decision));
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(read->kind, decision.kind);
  EXPECT_EQ(read->listing, decision.listing);
  EXPECT_TRUE(read->about_surroundings());
}

TEST(ListingCodec, DamageIsSaidAndBytesThatAreNoTextDoNotStopIt) {
  EXPECT_FALSE(decode_listing("{}").ok());
  EXPECT_FALSE(decode_listing("[").ok());
  EXPECT_FALSE(decode_listing(std::string(100'000, 'x')).ok());
  EXPECT_FALSE(decode_list_fault("{\"list\": 7}").ok());
  model::Listing one = listing();
  one.reason = "\xff\xfe";
  EXPECT_TRUE(decode_listing(encode_listing(one)).ok());
}

}  // namespace
}  // namespace leumund::storage
