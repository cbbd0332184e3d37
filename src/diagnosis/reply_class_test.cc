#include "diagnosis/reply_class.h"

#include <gtest/gtest.h>

#include <string>

namespace leumund::diagnosis {
namespace {

TEST(ReplyClass, AcceptedMailSaysNothing) {
  EXPECT_EQ(classify_reply("250 2.0.0 Ok: queued as 4Xyz"), ReplyClass::other);
  EXPECT_EQ(classify_reply(""), ReplyClass::other);
}

TEST(ReplyClass, TextDecidesWhatTheSameStatusCodeMeans) {
  EXPECT_EQ(classify_reply("554 5.7.1 Message content rejected as spam"),
            ReplyClass::content_or_reputation);
  EXPECT_EQ(classify_reply("554 5.7.1 <a@b.test>: Relay access denied"), ReplyClass::other);
  EXPECT_EQ(classify_reply("554 5.7.1 <a@b.test>: Recipient address rejected: Invalid-Recipient."),
            ReplyClass::unknown_user);
  EXPECT_EQ(
      classify_reply(
          "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using bl.spamcop.net"),
      ReplyClass::address_blocked);
  EXPECT_EQ(classify_reply("450 4.7.1 Greylisting in action, please come back later"),
            ReplyClass::greylist);
}

TEST(ReplyClass, ARefusalOfOurAddressNeverCountsAgainstTheAccount) {
  EXPECT_EQ(classify_reply(
                "550 5.7.1 Unfortunately, messages from [192.0.2.1] weren't sent. Please contact "
                "your Internet service provider since part of their network is on our block list"),
            ReplyClass::address_blocked);
  EXPECT_EQ(classify_reply(
                "421-4.7.0 [192.0.2.1 15] Our system has detected that this message is suspicious "
                "due to the very low reputation of the sending IP address."),
            ReplyClass::address_blocked);
}

TEST(ReplyClass, NamesOfPeopleAreNoEvidence) {
  EXPECT_EQ(classify_reply(
                "550 5.1.1 <spam-score@virus.test>: Recipient address rejected: User unknown in "
                "virtual mailbox table"),
            ReplyClass::unknown_user);
  EXPECT_EQ(classify_reply("552 5.2.2 <blocked-using@b.test>: Mailbox full (blocked for new mail)"),
            ReplyClass::mailbox_full);
}

TEST(ReplyClass, ARemoteQuotaOrSenderDomainIsNotAnUnknownUser) {
  EXPECT_EQ(classify_reply("450 4.1.8 Sender address rejected: Domain not found"),
            ReplyClass::other);
  EXPECT_EQ(classify_reply("550 5.4.7 <u@b.test>: Recipients Domain Daily Quota Exceeded"),
            ReplyClass::mailbox_full);
}

TEST(ReplyClass, VeryLongRepliesAreCut) {
  EXPECT_EQ(classify_reply("550 " + std::string(1 << 20, 'x') + " user unknown"),
            ReplyClass::other);
}

}  // namespace
}  // namespace leumund::diagnosis
