// Which envelope a message in a mailbox had.
#include "intake/delivered_envelope.h"

#include <gtest/gtest.h>

namespace leumund::intake {
namespace {

TEST(DeliveredEnvelope, IsWhatTheDeliveryAgentWroteAboveTheMessage) {
  const auto found = delivered_envelope(
      "Return-Path: <Anna@Example.org>\r\nX-Original-To: Spam@Reports.ex\r\n"
      "Delivered-To: <box@reports.ex>\r\nReceived: from a\r\nSubject: x\r\n\r\nbody");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->sender, "anna@example.org");
  EXPECT_EQ(found->recipients, (std::vector<std::string>{"spam@reports.ex", "box@reports.ex"}));
}

TEST(DeliveredEnvelope, IsNothingThatCameWithTheMail) {
  EXPECT_FALSE(delivered_envelope("Received: from a\nReturn-Path: <boss@example.org>\n\nx"));
  EXPECT_FALSE(delivered_envelope("Subject: x\n\nReturn-Path: <boss@example.org>\n"));
  const auto first = delivered_envelope("Return-Path: <a@b.ex>\nReturn-Path: <boss@b.ex>\n\n");
  ASSERT_TRUE(first);
  EXPECT_EQ(first->sender, "a@b.ex");
}

TEST(DeliveredEnvelope, OfABounceIsEmptyAndOfGarbageNothing) {
  EXPECT_EQ(delivered_envelope("Return-Path: <>\nReceived: x\n")->sender, "");
  EXPECT_FALSE(delivered_envelope(""));
  EXPECT_FALSE(delivered_envelope("Return-Path: <a b@c>\n\n"));
  EXPECT_FALSE(delivered_envelope("Return-Path: <a@b.ex>")) << "cut";
  EXPECT_FALSE(delivered_envelope("Return-Path: <" + std::string(400, 'a') + "@b.ex>\n\n"));
}

}  // namespace
}  // namespace leumund::intake
