#include "diagnosis/refusal.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace leumund::diagnosis {
namespace {

class RefusalTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    auto made = Reader::shipped();
    ASSERT_TRUE(made) << made.error().message;
    reader_ = std::move(*made);
  }
  static void TearDownTestSuite() { reader_.reset(); }

  Refusal read(std::string_view text) { return refusals_.read(Reply{.text = text}); }
  ReplyClass class_of(std::string_view text) { return read(text).reply_class; }

  static std::shared_ptr<const Reader> reader_;
  RefusalReader refusals_{reader_};
};
std::shared_ptr<const Reader> RefusalTest::reader_;

TEST_F(RefusalTest, AcceptedMailSaysNothing) {
  EXPECT_EQ(class_of("250 2.0.0 Ok: queued as 4Xyz"), ReplyClass::other);
  EXPECT_EQ(class_of(""), ReplyClass::other);
  model::Delivery sent;
  sent.reply = "550 5.1.1 user unknown";  // what a status says outranks what its text looks like
  EXPECT_EQ(refusals_.read(sent), Refusal{});
}

TEST_F(RefusalTest, TextDecidesWhatTheSameStatusCodeMeans) {
  EXPECT_EQ(class_of("554 5.7.1 Message content rejected as spam"),
            ReplyClass::content_or_reputation);
  EXPECT_EQ(class_of("554 5.7.1 <a@b.test>: Relay access denied"), ReplyClass::other);
  EXPECT_EQ(class_of("554 5.7.1 <a@b.test>: Recipient address rejected: Invalid-Recipient."),
            ReplyClass::unknown_user);
  EXPECT_EQ(class_of("554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using "
                     "bl.spamcop.net"),
            ReplyClass::address_blocked);
  EXPECT_EQ(class_of("450 4.7.1 Greylisting in action, please come back later"),
            ReplyClass::greylist);
}

TEST_F(RefusalTest, ARefusalOfOurAddressNeverCountsAgainstTheAccount) {
  EXPECT_EQ(class_of("550 5.7.1 Unfortunately, messages from [192.0.2.1] weren't sent. Please "
                     "contact your Internet service provider since part of their network is on our "
                     "block list"),
            ReplyClass::address_blocked);
  EXPECT_EQ(class_of("421-4.7.0 [192.0.2.1 15] Our system has detected that this message is "
                     "suspicious due to the very low reputation of the sending IP address."),
            ReplyClass::address_blocked);
  EXPECT_EQ(class_of("550 5.7.1 Client host rejected: cannot find your reverse hostname"),
            ReplyClass::address_blocked);
}

TEST_F(RefusalTest, NamesOfPeopleAreNoEvidence) {
  EXPECT_EQ(class_of("550 5.1.1 <spam-score@virus.test>: Recipient address rejected: User unknown "
                     "in virtual mailbox table"),
            ReplyClass::unknown_user);
  EXPECT_EQ(class_of("552 5.2.2 <blocked-using@b.test>: Mailbox full (blocked for new mail)"),
            ReplyClass::mailbox_full);
}

TEST_F(RefusalTest, ARemoteQuotaOrSenderDomainIsNotAnUnknownUser) {
  EXPECT_EQ(class_of("450 4.1.8 Sender address rejected: Domain not found"), ReplyClass::other);
  EXPECT_NE(class_of("550 5.4.7 <u@b.test>: Recipients Domain Daily Quota Exceeded"),
            ReplyClass::unknown_user);
}

TEST_F(RefusalTest, VeryLongRepliesAreCut) {
  EXPECT_EQ(class_of("550 " + std::string(1 << 20, 'x') + " user unknown"), ReplyClass::other);
}

TEST_F(RefusalTest, TellsTheMatrixWhatIsListedWhereAndWhetherItPasses) {
  const Refusal refused = read(
      "554 5.7.1 Service unavailable; Client host [203.0.113.9] blocked using bl.spamcop.net; "
      "Blocked - see https://www.spamcop.net/bl.shtml?203.0.113.9");
  EXPECT_TRUE(refused.about_our_address());
  EXPECT_TRUE(refused.permanent);
  EXPECT_EQ(refused.kind, Kind::ip_blocklist_public);
  EXPECT_EQ(refused.scope, Scope::address);
  EXPECT_EQ(refused.fault, Fault::ours);
  EXPECT_EQ(refused.listed_address, "203.0.113.9");
  EXPECT_EQ(refused.lists, std::vector<std::string>{"spamcop"});
  EXPECT_FALSE(refused.passing());
  EXPECT_TRUE(read("450 4.2.0 <a@b.test>: Greylisted, see http://postgrey.test").passing());
  EXPECT_TRUE(read("452 4.2.2 The email account is over quota").passing());
}

TEST_F(RefusalTest, ADeliveryTellsProviderAndStage) {
  model::Delivery delivery;
  delivery.status = model::DeliveryStatus::deferred;
  delivery.stage = model::DeliveryStage::greeting;
  delivery.remote = "mx00.t-online.de[194.25.134.8]";
  delivery.reply =
      "554 IP=203.0.113.9 - A problem occurred. (Ask your postmaster for help or to contact "
      "tosa@rx.t-online.de to clarify.) (BL)";
  const Refusal refused = refusals_.read(delivery);
  EXPECT_EQ(refused.provider, "t-online");
  EXPECT_EQ(refused.kind, Kind::ip_blocklist_private);
  EXPECT_EQ(refused.listed_address, "203.0.113.9");
  delivery.remote = "mx.example[192.0.2.9]";
  delivery.reply = "421 4.7.0 Try again later";
  EXPECT_EQ(refusals_.read(delivery, "google").provider, "google");
}

TEST_F(RefusalTest, SaysTheSameAsTheWholeDiagnosisForEverySampleOfTheRegistry) {
  Reader::Session session(*reader_);
  for (const Scanner::Input& input : reader_->patterns()) {
    const Reply reply{.text = input.sample};
    if (input.sample.starts_with('2')) continue;
    EXPECT_EQ(refusals_.read(reply), refusal_of(reader_->diagnose(reply, session))) << input.sample;
  }
}

}  // namespace
}  // namespace leumund::diagnosis
